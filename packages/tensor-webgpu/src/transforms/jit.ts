import { checkedOptions, checkFunctions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { showAval } from '../program/print.ts';
import type { Program } from '../program/program.ts';
import type { Device, Executable } from '../runtime/device.ts';
import { compiled } from '../runtime/execute.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { deviceOf, storedValues } from '../trace/bind.ts';
import { currentBuilder, trace } from '../trace/builder.ts';
import { collectMade } from '../trace/scope.ts';
import { storageOf, takeStorage, type Value } from '../trace/value.ts';
import { leaves, type Structure, unflatten } from '../tree/tree.ts';
import { callFlat, flattenArguments, type TreeFunction } from './function.ts';
import { checkedPositions, staticKey } from './staticArguments.ts';

export interface JitOptions {
  /** Arguments that are plain JavaScript values: the function is traced anew for each (by identity, or by value for primitives). */
  readonly staticArgnums?: readonly number[];
  /** Arguments whose memory the program may overwrite in place; their tensors are gone after the call. */
  readonly donate?: readonly number[];
}

interface Entry {
  readonly program: Program;
  readonly captured: readonly Value[];
  readonly structure: Structure;
  readonly executable: Executable;
  readonly device: Device;
  /** Which argument values the program may overwrite. */
  readonly donated: readonly boolean[];
}

/** A traced and compiled call, and the values to run it on. */
export interface Prepared {
  readonly entry: Entry;
  /** The values of the arguments, then what the function captured. */
  readonly values: readonly Value[];
  /** Which of them were made for this call, from plain numbers. */
  readonly lifted: readonly boolean[];
}

export function prepare(
  f: TreeFunction,
  args: readonly unknown[],
  options: JitOptions,
  entries: Map<string, Entry>,
): Prepared {
  const { staticArgnums = [], donate = [] } = options;
  const isStatic = (n: number): boolean => staticArgnums.includes(n);
  const dynamic = args.filter((_, n) => !isStatic(n));
  const flat = flattenArguments(dynamic, 'jit');
  const device = deviceOf(flat.values, 'jit');
  const key = JSON.stringify([
    device.name,
    flat.structure.key,
    ...flat.values.map(showAval),
    ...args.map((arg, n) => (isStatic(n) ? staticKey(arg) : null)),
  ]);
  let entry = entries.get(key);
  if (!entry) {
    const call = (...given: unknown[]): unknown => {
      let next = 0;
      return f(...args.map((arg, n) => (isStatic(n) ? arg : given[next++])));
    };
    // Constants made while tracing belong to the program: no scope around this call may free them.
    const { result: traced } = collectMade(() =>
      trace(flat.values, (...values) => callFlat(call, flat.structure, values, 'jit')),
    );
    const perArgument = dynamic.map((arg) => leaves(arg).length);
    const dynamicNumbers = args.map((_, n) => n).filter((n) => !isStatic(n));
    const donated = perArgument.flatMap((count, i) => Array<boolean>(count).fill(donate.includes(dynamicNumbers[i])));
    const flags = donated.includes(true) ? [...donated, ...traced.captured.map(() => false)] : undefined;
    entry = {
      program: traced.program,
      captured: traced.captured,
      structure: traced.extra,
      device: deviceOf([...flat.values, ...traced.captured], 'jit'),
      executable: compiled(traced.program, device, { donate: flags }),
      donated,
    };
    entries.set(key, entry);
  }
  const lifted = leaves(dynamic).map((leaf, i) => (leaf as unknown) !== flat.values[i]);
  return { entry, values: [...flat.values, ...entry.captured], lifted };
}

/**
 * `f` compiled as one program. It is traced once per structure, shapes, dtypes and device of its arguments, and per
 * value of its static ones; later calls only run the program. Inside another trace it is part of that trace.
 *
 * `f` must be pure: what it does besides computing tensors happens at tracing only.
 *
 * @throws ArgumentError when a static argument is donated too.
 */
export function jit<A extends unknown[], R>(f: (...args: A) => R, options: JitOptions = {}): (...args: A) => R {
  checkFunctions('jit', f);
  checkedOptions('jit', options, ['staticArgnums', 'donate']);
  checkedPositions('jit: staticArgnums', options.staticArgnums);
  checkedPositions('jit: donate', options.donate);
  const both = options.donate?.filter((n) => options.staticArgnums?.includes(n)) ?? [];
  if (both.length > 0)
    throw new ArgumentError(`jit: argument ${both[0]} is both static and donated. Only tensors can be donated.`);
  const entries = new Map<string, Entry>();
  return (...args) => {
    if (currentBuilder()) return f(...args);
    const { entry, values, lifted } = prepare(f as TreeFunction, args, options, entries);
    if (options.donate?.length) checkDonated(values, entry.donated);
    const storages = entry.executable.run(values.map((value) => storageOf(value, 'jit')));
    values.forEach((value, i) => {
      if (entry.donated[i]) retire(value);
      else if (lifted[i]) (value as Tensor).dispose();
    });
    return unflatten(entry.structure, storedValues(entry.program, storages)) as R;
  };
}

/** A donated tensor's memory is overwritten, so it may stand in one place only. */
function checkDonated(values: readonly Value[], donated: readonly boolean[]): void {
  const seen = new Set<Value>();
  const repeated = new Set<Value>();
  for (const value of values) (seen.has(value) ? repeated : seen).add(value);
  const twice = values.findIndex((value, i) => donated[i] && repeated.has(value));
  if (twice < 0) return;
  throw new ArgumentError(
    `jit: the donated tensor at leaf ${twice} of the arguments is given more than once (or also used from outside), ` +
      'but its memory will be overwritten. Give a copy, such as x.mul(1), or do not donate it.',
  );
}

/** Marks a donated tensor as gone, so that a later use is a named error. */
function retire(value: Value): void {
  if (value.state.kind === 'stored') takeStorage(value, 'jit', 'it was donated to a jitted function');
}
