import { bytesPerElement } from '../../../dtype/dtype.ts';
import type { Var } from '../../../program/aval.ts';
import type { Affine } from '../../../shape/affine.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/** Where a variable's buffer lies: at a fixed place of the arena, or behind an entry of the pointer table. */
export type Placement =
  | { readonly base: 'arena'; readonly offset: number }
  | { readonly base: 'table'; readonly slot: number };

export const samePlacement = (a: Placement, b: Placement): boolean =>
  a.base === 'arena' ? b.base === 'arena' && a.offset === b.offset : b.base === 'table' && a.slot === b.slot;

/** A local that walks through memory (or counts, for `iota`) as the loops turn. */
interface Walker {
  readonly local: number;
  /** Bytes (or units) moved per step of each axis. */
  readonly strides: readonly number[];
  /** Offset folded into the local at the start. */
  readonly start: number;
  readonly placement: Placement | null;
}

/** An address as a local and a constant beside it. */
export interface Address {
  readonly local: number;
  readonly offset: number;
}

/**
 * The pointers of one loop nest. Accesses of one stride pattern below one base share a local; what differs between
 * them is a constant in the instruction.
 */
export class Pointers {
  private readonly f: FunctionBuilder;
  private readonly arena: number;
  private readonly table: number;
  private readonly placements: ReadonlyMap<Var, Placement>;
  private readonly walkers = new Map<string, Walker>();

  constructor(f: FunctionBuilder, arena: number, table: number, placements: ReadonlyMap<Var, Placement>) {
    this.f = f;
    this.arena = arena;
    this.table = table;
    this.placements = placements;
  }

  /** The address of a place in a variable's buffer; `place` is over the collapsed axes. */
  of(variable: Var, place: Affine): Address {
    const placement = this.placements.get(variable) as Placement;
    const bytes = bytesPerElement(variable.dtype);
    const strides = place.strides.map((stride) => stride * bytes);
    // An instruction's constant cannot be negative, nor may the pointer be: walking down needs the whole offset inside.
    const fixed = (placement.base === 'arena' ? placement.offset : 0) + place.offset * bytes;
    const down = strides.some((stride) => stride < 0);
    const base = placement.base === 'arena' ? 'arena' : `table${placement.slot}`;
    const walker = this.walker(`${base}|${strides.join()}|${down ? fixed : ''}`, strides, down ? fixed : 0, placement);
    return { local: walker.local, offset: down ? 0 : fixed };
  }

  /** A local that holds `place - offset` as a number. */
  counter(place: Affine): Address {
    const walker = this.walker(`count|${place.strides.join()}`, place.strides, 0, null);
    return { local: walker.local, offset: place.offset };
  }

  private walker(key: string, strides: readonly number[], start: number, placement: Placement | null): Walker {
    let walker = this.walkers.get(key);
    if (!walker) {
      walker = { local: this.f.local('i32'), strides, start, placement };
      this.walkers.set(key, walker);
    }
    return walker;
  }

  /** Sets every pointer to the start of the nest, moved by `first` steps (a local) along axis 0 when given. */
  begin(first: number | null): void {
    const { f } = this;
    for (const { local, strides, start, placement } of this.walkers.values()) {
      if (!placement) f.i32Const(0);
      else if (placement.base === 'arena') f.localGet(this.arena);
      else {
        f.localGet(this.table);
        f.i32Load(4 * placement.slot);
      }
      if (start !== 0) {
        f.i32Const(start);
        f.i32Add();
      }
      if (first !== null && strides[0] !== 0) {
        f.localGet(first);
        f.i32Const(strides[0]);
        f.i32Mul();
        f.i32Add();
      }
      f.localSet(local);
    }
  }

  /** Moves every pointer by `steps(strides)` bytes. */
  move(by: (strides: readonly number[]) => number): void {
    const { f } = this;
    for (const { local, strides } of this.walkers.values()) {
      const bytes = by(strides);
      if (bytes === 0) continue;
      f.localGet(local);
      f.i32Const(bytes);
      f.i32Add();
      f.localSet(local);
    }
  }

  release(): void {
    for (const { local } of this.walkers.values()) this.f.release(local);
    this.walkers.clear();
  }
}
