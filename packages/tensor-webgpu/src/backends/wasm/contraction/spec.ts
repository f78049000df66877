import { ProgramError } from '../../../errors/errors.ts';
import type { FunctionBuilder } from '../assembler/index.ts';

/** Element types of a contraction; u32 is computed as i32, which has the same bits. */
export type ContractionType = 'f32' | 'f64' | 'i32';

/** Element (row, column) of batch item `t` of an operand lies at `row·rowStride + column·colStride + t·batchStride`. */
export interface OperandLayout {
  readonly rowStride: number;
  readonly colStride: number;
  readonly batchStride: number;
}

/** Layout of the result: columns are adjacent. */
export interface ResultLayout {
  readonly rowStride: number;
  readonly batchStride: number;
}

/**
 * A batched matrix product of static shape, `C[t] (+)= A[t] · B[t]` with A of m x k, B of k x n and C of m x n.
 * Strides count elements; they may be 0 (broadcast), swapped (transpose) or negative (flip).
 */
export interface ContractionSpec {
  readonly dtype: ContractionType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: OperandLayout;
  readonly b: OperandLayout;
  readonly c: ResultLayout;
  /** Terms of the whole sums, where these are pieces of them, which tells how exact they must be. Default: k. */
  readonly terms?: number;
  /** Whether operands fall off exponentially, so that sums would pass through numbers below the normal ones. Default: false. */
  readonly tails?: boolean;
  /** Add to what C holds instead of overwriting it. Default: false. */
  readonly accumulate?: boolean;
}

/** Options of emission. */
export interface ContractionOptions {
  /**
   * Use wider tiles, whose neighbouring vectors V8 joins to 256 bits when it runs with `--experimental-wasm-revectorize`.
   * Without that flag they spill and are slower. Results do not change. Default: false.
   */
  readonly pairVectors?: boolean;
}

/**
 * The functions emitted for a contraction. Both take i32 parameters
 * `(aPtr, bPtr, cPtr, scratchPtr, batchIndex, start, end)`, with addresses in bytes.
 *
 * For each batch item: run `pack` over all its blocks, wait for every thread, then run `rows` over all row blocks. Blocks
 * may be cut among threads in any way; the result is the same to the last bit.
 */
export interface EmittedContraction {
  /** Bytes of scratch memory, shared by all threads, aligned to 16 bytes. 0 where nothing is packed. */
  readonly scratchBytes: number;
  /** Packs blocks [start, end) of [0, packBlocks) into scratch memory; absent where nothing needs packing. */
  readonly pack?: FunctionBuilder;
  readonly packBlocks: number;
  /** Whether what `pack` writes differs between batch items. If not, packing once serves them all. */
  readonly packPerBatch: boolean;
  /** Computes row blocks [start, end) of [0, rowBlocks): rows `[start·rowsPerBlock, min(end·rowsPerBlock, m))` of C. */
  readonly rows: FunctionBuilder;
  readonly rowBlocks: number;
  readonly rowsPerBlock: number;
}

/** A contraction was asked for with sizes or strides that make no sense. */
export class ContractionError extends ProgramError {}

/** Checks sizes and strides. @throws ContractionError */
export function checkSpec(spec: ContractionSpec): void {
  for (const size of ['batch', 'm', 'n', 'k'] as const)
    if (!Number.isInteger(spec[size]) || spec[size] < 0)
      throw new ContractionError(`Expected ${size} to be an integer >= 0, got ${spec[size]}.`);
  for (const [name, layout] of Object.entries({ a: spec.a, b: spec.b, c: spec.c }))
    for (const [stride, value] of Object.entries(layout))
      if (!Number.isInteger(value))
        throw new ContractionError(`Expected ${name}.${stride} in whole elements, got ${value}.`);
  if (spec.n > 0 && spec.m > 1 && Math.abs(spec.c.rowStride) < spec.n)
    throw new ContractionError(
      `Rows of C overlap: expected c.rowStride of at least n = ${spec.n}, got ${spec.c.rowStride}. Give C its own memory.`,
    );
}

/** Prefix of the names of a contraction's functions in profiles and stack traces. */
export function contractionName({ dtype, m, k, n }: ContractionSpec): string {
  return `${dtype}-product-${m}x${k}x${n}`;
}

/** Parameters of the emitted functions, in order. */
export const CONTRACTION_PARAMS = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
export const A_PTR = 0;
export const B_PTR = 1;
export const C_PTR = 2;
export const SCRATCH_PTR = 3;
export const BATCH = 4;
export const START = 5;
export const END = 6;
