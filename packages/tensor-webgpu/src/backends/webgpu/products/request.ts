import type { DType } from '../../../dtype/dtype.ts';

/** Strides in elements of an operand in memory along its batch, its free and the contracted axis. */
export interface ProductOperand {
  readonly offset: number;
  readonly batch: number;
  readonly free: number;
  readonly contract: number;
}

/** What a device lets a workgroup have. */
export interface ProductLimits {
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

/** C[b, i, j] = Σ_c A[b, i, c]·B[b, j, c] for i < m, j < n, c < k. */
export interface ProductRequest {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly dtype: DType;
  /** Where A lies; `null` when its elements are computed as they are read. Its free axis is i. */
  readonly lhs: ProductOperand | null;
  /** Where B lies, or `null`. Its free axis is j. */
  readonly rhs: ProductOperand | null;
  readonly limits: ProductLimits;
  /** Whether operands may be bound as arrays of `vec4` (default: yes). */
  readonly vectors?: boolean;
  /** A tile, and a number of pieces of the contracted axis, to take whatever the shape: to compare them by. */
  readonly tile?: Tile;
  readonly pieces?: number;
  /** Likewise a family; and other thresholds than those of this library. */
  readonly family?: ProductPlan['family'];
  readonly thresholds?: ProductThresholds;
}

/** By what a plan is chosen. */
export interface ProductThresholds {
  /** Tiles to choose from, and the fraction of the fastest one's speed that each reaches where it fits. */
  readonly tiles: readonly { readonly tile: Tile; readonly speed: number }[];
  /** Threads that keep a large card busy. */
  readonly enoughThreads: number;
  /** A piece of a split sum is at least so long. */
  readonly shortestPiece: number;
  /** Below these extents a tile is mostly empty. */
  readonly leastTiled: number;
  readonly leastTiledDepth: number;
  /** Up to so many multiplications, threads on their own are as fast, and their kernel compiles in a moment. */
  readonly leastTiledWork: number;
  /** From this length on, threads share the sum of one element. */
  readonly leastShared: number;
  /** So many elements keep their threads to themselves, where their sums are not longer than `longAlone`. */
  readonly enoughAlone: number;
  readonly longAlone: number;
}

/** What a workgroup computes: a tile of C of rows × columns, over steps of `depth` contracted elements. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** What one thread computes of it, multiples of four. */
  readonly threadRows: number;
  readonly threadColumns: number;
  /** Contracted elements written out in a turn of the loop over them (default: 1, and the compiler does as it likes). */
  readonly unroll?: number;
}

/** The axis along which the four elements of a vector lie. */
export type VectorAxis = 'free' | 'contract';

/** One dispatch. The text of a step binds an operand only where it says so; `scratch` is an array of the result's type. */
export interface ProductStep {
  readonly kind: 'product' | 'partial' | 'combine';
  readonly lhs: boolean;
  readonly rhs: boolean;
  readonly scratch: boolean;
  /** Whether it calls `finish`. */
  readonly finishes: boolean;
  readonly workgroups: readonly [number, number, number];
}

export interface ProductPlan {
  readonly request: ProductRequest;
  /** `tiled`: a workgroup a tile; `rows`: threads of a workgroup share the sum of an element; `small`: a thread an element. */
  readonly family: 'tiled' | 'rows' | 'small';
  readonly tile: Tile | null;
  /** Threads that share an element of the family `rows`. */
  readonly slices: number;
  /** The contracted axis is cut in so many pieces of `pieceLength`; a last step adds them up in their order. */
  readonly pieces: number;
  readonly pieceLength: number;
  /** Operands to bind as arrays of `vec4`, and the axis of the vectors; a place is then counted in vectors. */
  readonly vectors: { readonly lhs: VectorAxis | null; readonly rhs: VectorAxis | null };
  readonly scratchBytes: number;
  readonly steps: readonly ProductStep[];
}

/** How a kernel reads its operands and what it does with a finished element, in WGSL. */
export interface ProductCode {
  /**
   * An element of A from expressions of its batch, free and contracted index (u32). Of an operand bound as `vec4`, the four
   * elements from there on along the axis of `plan.vectors`.
   */
  lhs(batch: string, free: string, contract: string): string;
  rhs(batch: string, free: string, contract: string): string;
  /** Statements that take the finished element at [b, i, j]. */
  finish(batch: string, row: string, column: string, value: string): string;
}
