import { bytesPerElement, hostArray } from '../dtype/dtype.ts';
import { ArgumentError } from '../errors/errors.ts';
import type { Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import type { Cached } from '../runtime/cache.ts';
import type { Device, Storage } from '../runtime/device.ts';
import { type CompiledProgram, run } from '../runtime/execute.ts';
import { giveBack } from '../runtime/line.ts';
import { upload } from '../runtime/transfer.ts';
import { type Shape, sameShape, sizeOf } from '../shape/shape.ts';
import { type LeafForm, liftedDType } from '../trace/constant.ts';
import { kindOf } from '../trace/plainNumber.ts';
import { BaseTensor, donate, storageOf, storedValues } from '../trace/value.ts';
import { type Structure, unflatten } from '../tree/tree.ts';
import { numbersAmong } from './function.ts';
import { matchLeaves } from './matchLeaves.ts';

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
  readonly leaves: readonly LeafForm[];
  /** The static arguments by position. */
  readonly statics: ReadonlyMap<number, unknown>;
  readonly argumentCount: number;
  readonly result: Structure;
  /** Which leaves the program may overwrite. */
  readonly donated: readonly boolean[];
}

/** Arguments that match an entry. */
export interface MatchedCall {
  readonly leaves: readonly unknown[];
  /** Their storages, `null` for plain numbers and booleans, of which there are some if `plain`; then room for those of the captured. */
  readonly storages: (Storage | null)[];
  readonly plain: boolean;
  /** The number of the call, which donated tensors bear. */
  readonly call: number;
  /** A leaf that is a donated tensor met twice; -1 when there is none. */
  readonly repeated: number;
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
  /** The shapes of the leaves as the last call had them: mostly the next call has the same lists. */
  private readonly shapes: Shape[];

  constructor(parts: EntryParts) {
    this.parts = parts;
    this.compiled = parts.compiled;
    this.program = parts.compiled.program;
    this.device = parts.compiled.device;
    this.donates = parts.donated.includes(true);
    const { node } = parts.structure;
    this.shapes = parts.leaves.map(({ shape }) => shape);
    this.nodes = node.kind === 'array' ? node.children : [];
    const constants = parts.own.reduce((sum, value) => sum + bytesPerElement(value.dtype) * sizeOf(value.shape), 0);
    this.bytes = EQUATION_BYTES * (this.program.eqns.length + 2 * parts.leaves.length) + constants;
  }

  drop(): void {}

  /**
   * The arguments laid out for a run, if they have the form that this entry was traced for; else `null`. One pass over
   * the leaves: it is most of what a call costs.
   */
  match(args: readonly unknown[]): MatchedCall | null {
    const { argumentCount, statics, leaves, captured, donated } = this.parts;
    if (args.length !== argumentCount) return null;
    const found: unknown[] = new Array(leaves.length);
    let next = 0;
    let at = 0;
    for (let n = 0; n < args.length; n++) {
      if (statics.has(n)) {
        if (!Object.is(statics.get(n), args[n])) return null;
        continue;
      }
      at = matchLeaves(args[n], this.nodes[next++], found, at);
      if (at < 0) return null;
    }
    const storages: (Storage | null)[] = new Array(leaves.length + captured.length);
    const { device, donates, shapes } = this;
    const call = ++calls;
    let plain = false;
    let repeated = -1;
    for (let i = 0; i < found.length; i++) {
      const leaf = found[i];
      if (!(leaf instanceof BaseTensor)) {
        plain = true;
        storages[i] = null;
        continue;
      }
      const aval = leaves[i];
      const { state } = leaf;
      if (state.kind !== 'stored' || state.device !== device) return null;
      if (leaf.dtype !== aval.dtype) return null;
      if (leaf.shape !== shapes[i]) {
        if (!sameShape(leaf.shape, aval.shape)) return null;
        shapes[i] = leaf.shape;
      }
      storages[i] = state;
      if (!donates) continue;
      // A donated tensor's memory is overwritten, so it may stand in one place only.
      const mark = donated[i] ? call : -call;
      if (leaf.seenBy === call || (mark === call && leaf.seenBy === -call)) repeated = i;
      else leaf.seenBy = mark;
    }
    if (plain && !this.plainFit(found)) return null;
    return { leaves: found, storages, plain, call, repeated };
  }

  /** Runs the program on arguments that match. */
  run({ leaves, storages, plain, call, repeated }: MatchedCall): unknown {
    const { captured, donated, result } = this.parts;
    if (repeated >= 0) throw donatedTwice(leaves.indexOf(leaves[repeated]));
    const lifted = plain ? this.lift(leaves, storages) : [];
    for (let i = 0; i < captured.length; i++) {
      const value = captured[i];
      if ((value as BaseTensor).seenBy === call) throw donatedTwice(leaves.indexOf(value));
      storages[leaves.length + i] = storageOf(value, 'jit');
    }
    const outputs = run(this.compiled, storages as Storage[]);
    if (this.donates) {
      // Backwards, since the last of the young are forgotten at the least cost.
      for (let i = leaves.length - 1; i >= 0; i--) {
        const leaf = leaves[i];
        if (donated[i] && leaf instanceof BaseTensor) donate(leaf);
      }
    }
    for (const storage of lifted) giveBack(storage.memory);
    return unflatten(result, storedValues(this.compiled.results, outputs));
  }

  /** Puts plain numbers and booleans in memory, where `storages` has nothing. */
  private lift(leaves: readonly unknown[], storages: (Storage | null)[]): Storage[] {
    const lifted: Storage[] = [];
    leaves.forEach((leaf, i) => {
      if (storages[i]) return;
      const { dtype } = this.parts.leaves[i];
      const data = hostArray(dtype, 1);
      data[0] = Number(leaf);
      const storage = upload(this.device, data, dtype);
      storages[i] = storage;
      // One that is donated belongs to the program.
      if (!this.parts.donated[i]) lifted.push(storage);
    });
    return lifted;
  }

  /** Whether plain numbers and booleans become what stood there at tracing. */
  private plainFit(found: readonly unknown[]): boolean {
    const place = numbersAmong(found);
    return found.every((leaf, i) => {
      if (leaf instanceof BaseTensor) return true;
      const { shape, dtype, number } = this.parts.leaves[i];
      if (shape.length > 0 || dtype !== liftedDType(leaf, place)) return false;
      return !number?.asked || kindOf(leaf as number) === number.kind;
    });
  }
}

const donatedTwice = (leaf: number): ArgumentError =>
  new ArgumentError(
    `jit: the donated tensor at leaf ${leaf} of the arguments is given more than once (or also used from outside), ` +
      'but its memory will be overwritten. Give a copy, such as x.mul(1), or do not donate it.',
  );
