// Thresholds by which plans of products come closest to the fastest plan of each shape that was timed.
import {
  type ProductPlan,
  type ProductRequest,
  type ProductThresholds,
  planProduct,
} from '../src/backends/webgpu/products/index.ts';

/** One way to compute a product, and how long it took. */
export interface Way {
  readonly plan: Pick<ProductPlan, 'family' | 'tile' | 'pieces'>;
  readonly ms: number;
}

/** A shape and all its ways. */
export interface Timed {
  readonly request: ProductRequest;
  readonly ways: readonly Way[];
}

/** How much longer plans take than the fastest ways: the geometric mean and the worst. */
export interface Loss {
  readonly mean: number;
  readonly worst: number;
}

/** What is tried for each threshold. The tiles' speeds are measured, not fitted. */
const TRIED: Readonly<Record<Exclude<keyof ProductThresholds, 'tiles'>, readonly number[]>> = {
  enoughThreads: Array.from({ length: 14 }, (_, i) => 1024 * 2 ** (i / 1.5)).map(Math.round),
  shortestPiece: [32, 64, 128, 256, 512, 1024, 2048],
  leastTiled: [4, 8, 12, 16, 24, 32],
  leastTiledDepth: [4, 8, 16, 32],
  leastTiledWork: Array.from({ length: 17 }, (_, i) => 2 ** (12 + i)),
  leastShared: [16, 32, 64, 128, 256, 512],
  enoughAlone: Array.from({ length: 12 }, (_, i) => 2 ** (8 + i)),
  longAlone: [64, 128, 256, 512, 1024, 2048, 4096],
};

const sameTile = (a: Way['plan'], b: Way['plan']): boolean =>
  a.family === b.family && JSON.stringify(a.tile) === JSON.stringify(b.tile);

/** The time of a plan: of that way with the nearest number of pieces; `null` for one that was not timed. */
function timeOf(plan: Way['plan'], ways: readonly Way[]): number | null {
  const distance = ({ plan: { pieces } }: Way): number => Math.abs(Math.log(pieces / plan.pieces));
  const near = ways.filter((way) => sameTile(way.plan, plan)).sort((a, b) => distance(a) - distance(b));
  return near.length === 0 ? null : near[0].ms;
}

export function lossOf(shapes: readonly Timed[], thresholds: ProductThresholds): Loss {
  const losses = shapes.flatMap(({ request, ways }) => {
    const ms = timeOf(planProduct({ ...request, thresholds }), ways);
    return ms === null ? [] : [ms / Math.min(...ways.map((way) => way.ms))];
  });
  const mean = Math.exp(losses.reduce((sum, loss) => sum + Math.log(loss), 0) / losses.length);
  return { mean, worst: Math.max(...losses) };
}

/** Changes one threshold after the other for the better until none changes; of equally good values the present one stays. */
export function fitThresholds(shapes: readonly Timed[], start: ProductThresholds): ProductThresholds {
  let best = start;
  let least = lossOf(shapes, best).mean;
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, values] of Object.entries(TRIED)) {
      for (const value of values) {
        const tried = { ...best, [name]: value };
        const { mean } = lossOf(shapes, tried);
        if (mean > least - 1e-3) continue;
        [best, least, changed] = [tried, mean, true];
      }
    }
  }
  return best;
}
