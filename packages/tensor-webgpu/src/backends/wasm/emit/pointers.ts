import { bytesPerElement } from '../../../dtype/dtype.ts';
import type { Var } from '../../../program/aval.ts';
import type { Affine } from '../../../shape/affine.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/**
 * Where a variable's buffer lies: at a fixed place of the arena, behind an entry of the pointer table, or in the memory that each
 * thread has for the rows of one block.
 */
export type Placement = WholePlacement | BlockPlacement;

/** The place of a buffer that holds all rows. */
export type WholePlacement =
  | { readonly base: 'arena'; readonly offset: number }
  | { readonly base: 'table'; readonly slot: number };

/** The rows of the block from `offset` of the arena on for the first thread, and so many bytes further for each other one. */
export interface BlockPlacement {
  readonly base: 'block';
  readonly offset: number;
  readonly threadBytes: number;
  readonly rowBytes: number;
}

export function samePlacement(a: Placement, b: Placement): boolean {
  if (a.base === 'table') return b.base === 'table' && a.slot === b.slot;
  return b.base === a.base && a.offset === b.offset;
}

/** What the functions of a part know of where they are. */
export interface PointerFrame {
  readonly f: FunctionBuilder;
  readonly arena: number;
  readonly table: number;
  readonly placements: ReadonlyMap<Var, Placement>;
  /** The thread, and the first row of the block: where there are variables in the memory of a block. */
  readonly thread?: number;
  readonly from?: number;
}

/** Pushes where a variable would begin if the rows before this block lay in front of those of the block. */
export function pushBlock({ f, arena, thread = 0, from = 0 }: PointerFrame, placement: BlockPlacement): void {
  const { offset, threadBytes, rowBytes } = placement;
  f.localGet(arena);
  f.i32Const(offset);
  f.i32Add();
  f.localGet(thread);
  f.i32Const(threadBytes);
  f.i32Mul();
  f.i32Add();
  f.localGet(from);
  f.i32Const(rowBytes);
  f.i32Mul();
  f.i32Sub();
}

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
  private readonly frame: PointerFrame;
  private readonly walkers = new Map<string, Walker>();

  constructor(frame: PointerFrame) {
    this.f = frame.f;
    this.frame = frame;
  }

  /** The address of a place in a variable's buffer; `place` is over the collapsed axes. */
  of(variable: Var, place: Affine): Address {
    const placement = this.frame.placements.get(variable) as Placement;
    const bytes = bytesPerElement(variable.dtype);
    const strides = place.strides.map((stride) => stride * bytes);
    // An instruction's constant cannot be negative, nor may the pointer be: walking down needs the whole offset inside.
    const fixed = (placement.base === 'arena' ? placement.offset : 0) + place.offset * bytes;
    const down = strides.some((stride) => stride < 0);
    const base = placement.base === 'arena' ? 'arena' : JSON.stringify(placement);
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
      else if (placement.base === 'arena') f.localGet(this.frame.arena);
      else if (placement.base === 'block') pushBlock(this.frame, placement);
      else {
        f.localGet(this.frame.table);
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
