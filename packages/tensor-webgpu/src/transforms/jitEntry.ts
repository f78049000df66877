import { bytesPerElement, hostArray } from '../dtype/dtype.ts';
import { ArgumentError } from '../errors/errors.ts';
import type { Aval, Program } from '../program/program.ts';
import type { Cached } from '../runtime/cache.ts';
import type { Device, Storage } from '../runtime/device.ts';
import { type CompiledProgram, run } from '../runtime/execute.ts';
import { giveBack } from '../runtime/line.ts';
import { upload } from '../runtime/transfer.ts';
import { sameShape, sizeOf } from '../shape/shape.ts';
import { storedValues } from '../trace/bind.ts';
import { liftedDType } from '../trace/constant.ts';
import { storageOf, takeStorage, Value } from '../trace/value.ts';
import { matchLeaves } from '../tree/match.ts';
import { type Structure, unflatten } from '../tree/tree.ts';
import { numbersAmong } from './function.ts';

/** Rough size in memory of one equation with its variables and parameters. */
const EQUATION_BYTES = 500;

export interface EntryParts {
  readonly compiled: CompiledProgram;
  /** The outside values that the function used, which are the program's last inputs. */
  readonly captured: readonly Value[];
  /** Those of them that the function itself made while it was traced. */
  readonly own: readonly Value[];
  /** The list of arguments that are not static. */
  readonly structure: Structure;
  readonly leaves: readonly Aval[];
  /** The static arguments by position. */
  readonly statics: ReadonlyMap<number, unknown>;
  readonly argumentCount: number;
  readonly result: Structure;
  /** Which leaves the program may overwrite. */
  readonly donated: readonly boolean[];
}

let calls = 0;

/** A function traced for one form of its arguments. */
export class JitEntry implements Cached {
  readonly compiled: CompiledProgram;
  bytes: number;
  used = 0;
  private readonly parts: EntryParts;
  private readonly program: Program;
  private readonly device: Device;
  private readonly donates: boolean;
  private readonly nodes: readonly Structure['node'][];

  constructor(parts: EntryParts) {
    this.parts = parts;
    this.compiled = parts.compiled;
    this.program = parts.compiled.program;
    this.device = parts.compiled.device;
    this.donates = parts.donated.includes(true);
    const { node } = parts.structure;
    this.nodes = node.kind === 'array' ? node.children : [];
    const constants = parts.own.reduce((sum, value) => sum + bytesPerElement(value.dtype) * sizeOf(value.shape), 0);
    this.bytes = EQUATION_BYTES * (this.program.eqns.length + 2 * parts.leaves.length) + constants;
  }

  drop(): void {}

  /** The leaves of the arguments if they have the form that this entry was traced for; else `null`. */
  match(args: readonly unknown[]): readonly unknown[] | null {
    const { argumentCount, statics, leaves } = this.parts;
    if (args.length !== argumentCount) return null;
    const found: unknown[] = [];
    let next = 0;
    for (let n = 0; n < args.length; n++) {
      if (statics.has(n)) {
        if (!Object.is(statics.get(n), args[n])) return null;
      } else if (!matchLeaves(args[n], this.nodes[next++], found)) return null;
    }
    let plain = false;
    for (let i = 0; i < found.length; i++) {
      const leaf = found[i];
      if (!(leaf instanceof Value)) plain = true;
      else if (!this.fits(leaf, leaves[i])) return null;
    }
    return plain && !this.plainFit(found) ? null : found;
  }

  /** Runs the program on leaves that match. */
  run(leaves: readonly unknown[]): unknown {
    const { captured, donated, result } = this.parts;
    if (this.donates) this.checkDonated(leaves);
    const storages: Storage[] = [];
    const lifted: Storage[] = [];
    for (const leaf of leaves) {
      if (leaf instanceof Value) storages.push(storageOf(leaf, 'jit'));
      else {
        const { dtype } = this.parts.leaves[storages.length];
        const data = hostArray(dtype, 1);
        data[0] = Number(leaf);
        const made = upload(this.device, data, dtype);
        storages.push(made);
        lifted.push(made);
      }
    }
    for (const value of captured) storages.push(storageOf(value, 'jit'));
    const outputs = run(this.compiled, storages);
    if (this.donates) {
      for (let i = 0; i < leaves.length; i++) {
        const leaf = leaves[i];
        if (donated[i] && leaf instanceof Value) takeStorage(leaf, 'jit', 'it was donated to a jitted function');
      }
    }
    for (let i = 0; i < lifted.length; i++) giveBack(lifted[i].memory);
    return unflatten(result, storedValues(this.program, outputs));
  }

  private fits(value: Value, aval: Aval): boolean {
    const { state } = value;
    return (
      state.kind === 'stored' &&
      state.storage.device === this.device &&
      value.dtype === aval.dtype &&
      sameShape(value.shape, aval.shape)
    );
  }

  /** Whether plain numbers and booleans become what stood there at tracing. */
  private plainFit(found: readonly unknown[]): boolean {
    const place = numbersAmong(found);
    return found.every((leaf, i) => {
      if (leaf instanceof Value) return true;
      const { shape, dtype } = this.parts.leaves[i];
      return shape.length === 0 && dtype === liftedDType(leaf, place);
    });
  }

  /** A donated tensor's memory is overwritten, so it may stand in one place only. */
  private checkDonated(leaves: readonly unknown[]): void {
    const { captured, donated } = this.parts;
    const call = ++calls;
    const twice = (leaf: unknown): boolean => {
      if (!(leaf instanceof Value)) return false;
      if (leaf.seenBy === call) return true;
      leaf.seenBy = call;
      return false;
    };
    const seen = (value: unknown): boolean => value instanceof Value && value.seenBy === call;
    for (let i = 0; i < leaves.length; i++)
      if (donated[i] && twice(leaves[i])) throw donatedTwice(leaves.indexOf(leaves[i]));
    for (let i = 0; i < leaves.length; i++)
      if (!donated[i] && seen(leaves[i])) throw donatedTwice(leaves.indexOf(leaves[i]));
    for (const value of captured) if (seen(value)) throw donatedTwice(leaves.indexOf(value));
  }
}

const donatedTwice = (leaf: number): ArgumentError =>
  new ArgumentError(
    `jit: the donated tensor at leaf ${leaf} of the arguments is given more than once (or also used from outside), ` +
      'but its memory will be overwritten. Give a copy, such as x.mul(1), or do not donate it.',
  );
