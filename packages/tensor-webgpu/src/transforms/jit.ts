import { checkedOptions, checkFunctions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { showAval } from '../program/print.ts';
import { ByteCache } from '../runtime/cache.ts';
import { clearPrograms, compiled } from '../runtime/execute.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { deviceOf } from '../trace/bind.ts';
import { currentBuilder, trace } from '../trace/builder.ts';
import { type LeafForm, liftedForm } from '../trace/constant.ts';
import { gatherMade } from '../trace/made.ts';
import { BaseTensor } from '../trace/value.ts';
import { flatten, leaves } from '../tree/tree.ts';
import { clearConverted } from './closureConvert.ts';
import { callFlat, numbersAmong, type TreeFunction } from './function.ts';
import { JitEntry, type MatchedCall } from './jitEntry.ts';
import { checkedPositions, staticKey } from './staticArguments.ts';

export interface JitOptions {
  /** Arguments that are plain JavaScript values: the function is traced anew for each (by identity, or by value for primitives). */
  readonly staticArgnums?: readonly number[];
  /** Arguments whose memory the program may overwrite in place; their tensors are gone after the call. */
  readonly donate?: readonly number[];
}

/** Bytes that the traces of one jitted function may take; those not used for longest go first. */
const TRACE_BYTES = 64 * 1024 * 1024;
/** How often the caches were cleared. */
let cleared = 0;
/** How many forms of arguments are tried before they are looked up. */
const MOST_RECENT = 4;

type Traces = ByteCache<JitEntry>;

/**
 * The functions whose traces `clearCaches` drops at once. A function enters at its second call: a weak reference holds
 * what it is made for until the task ends, and a loop may make and drop any number of functions that are called once.
 */
const allTraces = new Set<WeakRef<JitFunction>>();
const forgotten = new FinalizationRegistry<WeakRef<JitFunction>>((reference) => allTraces.delete(reference));

/** What `jit` keeps of a function. */
export class JitFunction {
  private readonly f: TreeFunction;
  private readonly staticArgnums: readonly number[];
  private readonly donate: readonly number[];
  private readonly traces: Traces = new ByteCache(TRACE_BYTES);
  private recent: JitEntry[] = [];
  private listed = false;
  private clearedBefore = cleared;

  constructor(f: TreeFunction, { staticArgnums = [], donate = [] }: JitOptions) {
    this.f = f;
    this.staticArgnums = staticArgnums;
    this.donate = donate;
  }

  call(args: readonly unknown[]): unknown {
    if (this.clearedBefore !== cleared) this.clear();
    const { recent } = this;
    if (!this.listed && recent.length > 0) this.list();
    for (let i = 0; i < recent.length; i++) {
      const entry = recent[i];
      const call = entry.match(args);
      if (!call) continue;
      if (i > 0) this.toFront(entry);
      this.traces.touch(entry);
      return entry.run(call);
    }
    const entry = this.entryOf(args);
    this.toFront(entry);
    return entry.run(entry.match(args) as MatchedCall);
  }

  /** The trace for arguments of this form, made when it is not there. */
  entryOf(args: readonly unknown[]): JitEntry {
    const { leaves: given, structure } = flatten(args.filter((_, n) => !this.isStatic(n)));
    const place = numbersAmong(given);
    const avals = given.map((leaf) => liftedForm(leaf, 'jit', place));
    const statics = new Map(args.flatMap((arg, n) => (this.isStatic(n) ? [[n, arg]] : [])));
    const key = JSON.stringify([
      staticKey(deviceOf(valuesAmong(given), 'jit')),
      structure.key,
      ...avals.map(showAval),
      ...args.map((arg, n) => (statics.has(n) ? staticKey(arg) : null)),
    ]);
    // Most traces hold for numbers of every kind; others are told apart when it is known that they depend on it.
    const ofKind = `${key} ${avals.map(({ number }) => number?.kind ?? '')}`;
    const found = this.traces.get(key) ?? this.traces.get(ofKind);
    if (found) return found;
    const entry = this.trace(args, given, avals, structure, statics);
    this.traces.add(avals.some(({ number }) => number?.asked) ? ofKind : key, entry);
    return entry;
  }

  clear(): void {
    this.clearedBefore = cleared;
    this.traces.clear();
    this.recent = [];
  }

  private list(): void {
    this.listed = true;
    const reference = new WeakRef(this);
    allTraces.add(reference);
    forgotten.register(this, reference);
  }

  private trace(
    args: readonly unknown[],
    given: readonly unknown[],
    avals: readonly LeafForm[],
    structure: JitEntryStructure,
    statics: ReadonlyMap<number, unknown>,
  ): JitEntry {
    const call = (...dynamic: unknown[]): unknown => {
      let next = 0;
      return this.f(...args.map((arg, n) => (statics.has(n) ? arg : dynamic[next++])));
    };
    // Constants made while tracing belong to the program: no scope around this call may free them.
    const made = new Set<object>();
    const {
      program,
      captured,
      extra: result,
    } = gatherMade(made, () => trace(avals, (...values) => callFlat(call, structure, values, 'jit')));
    const donated = args.flatMap((arg, n) => (statics.has(n) ? [] : leaves(arg).map(() => this.donate.includes(n))));
    const flags = donated.includes(true) ? [...donated, ...captured.map(() => false)] : undefined;
    const device = deviceOf([...valuesAmong(given), ...captured], 'jit');
    return new JitEntry({
      compiled: compiled(program, device, { donate: flags }),
      captured,
      own: captured.filter((value) => made.has(value)),
      structure,
      leaves: avals,
      statics,
      argumentCount: args.length,
      result,
      donated,
    });
  }

  private toFront(entry: JitEntry): void {
    this.recent = [entry, ...this.recent.filter((other) => other !== entry)].slice(0, MOST_RECENT);
  }

  private isStatic(n: number): boolean {
    return this.staticArgnums.includes(n);
  }
}

type JitEntryStructure = ReturnType<typeof flatten>['structure'];

const valuesAmong = (given: readonly unknown[]): BaseTensor[] =>
  given.filter((leaf): leaf is BaseTensor => leaf instanceof BaseTensor);

/**
 * `f` compiled as one program. It is traced once per structure, shapes, dtypes and device of its arguments, and per
 * value of its static ones; later calls only run the program. Inside another trace it is part of that trace. Plain numbers
 * among the arguments follow the tensors they meet, as in an eager call: where whether they are whole or negative decides on
 * a dtype, it is traced for both.
 *
 * `f` must be pure: what it does besides computing tensors happens at tracing only.
 *
 * @throws ArgumentError when a static argument is donated too.
 */
export function jit<A extends unknown[] = Tensor[], R = unknown>(
  f: (...args: A) => R,
  options: JitOptions = {},
): (...args: A) => R {
  checkFunctions('jit', f);
  checkedOptions('jit', options, ['staticArgnums', 'donate']);
  checkedPositions('jit: staticArgnums', options.staticArgnums);
  checkedPositions('jit: donate', options.donate);
  const both = options.donate?.filter((n) => options.staticArgnums?.includes(n)) ?? [];
  if (both.length > 0)
    throw new ArgumentError(`jit: argument ${both[0]} is both static and donated. Only tensors can be donated.`);
  const kept = new JitFunction(f as TreeFunction, options);
  return (...args) => (currentBuilder() ? f(...args) : (kept.call(args) as R));
}

/**
 * Forgets every trace of `jit` and every compiled program, and gives back the memory that devices keep for later runs.
 * Tensors stay. What is called again is traced and compiled again. Caches are bounded without it; this is for a process
 * that is done with one task and goes on to another.
 */
export function clearCaches(): void {
  cleared++;
  for (const reference of allTraces) reference.deref()?.clear();
  clearConverted();
  clearPrograms();
}
