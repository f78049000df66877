import type { DType } from '../dtype/dtype.ts';
import type { Eqn } from '../program/program.ts';
import type { Affine } from '../shape/affine.ts';
import type { ContractionStage, Stage } from './form.ts';

/** What the kernels of a device may be like, and what it costs to run them. A backend hands one in. */
export interface Target {
  /**
   * Stages that may share a part with others. Where only loops may, rows are not chained through reductions and products;
   * an empty list makes every stage a part of its own.
   */
  readonly chained: readonly Stage['kind'][];
  /** Whether a product may compute its operands as it reads them, and go on with its elements as it finishes them. */
  readonly prologues: boolean;
  readonly epilogues: boolean;
  /**
   * Whether a product may go on with its elements where they are stored in another order of axes: `turned` are the coordinates
   * of what is stored over the product. Left out: never.
   */
  readonly finishesTurned?: (product: ContractionStage, turned: readonly Affine[]) => boolean;
  /** Variables that one part may read and write at most. */
  readonly bindings: number;
  /** Bytes that every buffer in the arena starts at and is rounded up to. */
  readonly alignment: number;
  readonly bytesPerElement: (dtype: DType) => number;
  /** Floating operations of one element by the name of its scalar code, where they differ from the primitive's own. */
  readonly costs: Readonly<Record<string, number>>;
  /** Work that is done again in each consumer instead of being stored: this many operations and operands in memory. */
  readonly cheap: { readonly cost: number; readonly loads: number };
  /** Values computed in place of use at most: operands in memory and operations below one stored value. */
  readonly largest: { readonly loads: number; readonly nodes: number };
  /** Loops that compute more nodes than this are followed by loops of their own, so that code stays in pieces. */
  readonly loopNodes: number;
  /** Up to this many elements, work is one row: it is not worth cutting. */
  readonly oneRow: number;
  /** Whether results of one row are computed as early as they can be, beside larger work, rather than where the program has them. */
  readonly smallFirst: boolean;
  /** Work joins a part with fewer than `fewRows` rows only up to this many elements, so that large work can be cut. */
  readonly fewRows: number;
  readonly smallWork: number;
  /**
   * Reductions and products of fewer than `fewRows` rows are cut in `pieces`, computed side by side and combined in order, when
   * they have at least so many terms and operations (`work`; `productWork` for products). Left out: never.
   */
  readonly split?: {
    readonly fewRows: number;
    readonly pieces: number;
    readonly terms: number;
    readonly work: number;
    readonly productWork: number;
    /**
     * Larger products, whose operands have at least so many elements, are cut in pieces of about `terms` terms, or more where the
     * results are many beside that, so that the operands of a piece stay in a cache. Left out: never.
     */
    readonly large?: { readonly elements: number; readonly terms: number };
  };
  /**
   * Products with an operand that would have to be copied become a batch of products over at least so many contiguous places,
   * where that needs no copy. Left out: never.
   */
  readonly batchedPlaces?: number;
  /** Whether the device computes an equation that is called as a whole; otherwise the host does. Default: never. */
  readonly computes?: (eqn: Eqn) => boolean;
  /** A right operand of a product with more elements than this is not read again for each block of rows. */
  readonly sharedOperand: number;
}
