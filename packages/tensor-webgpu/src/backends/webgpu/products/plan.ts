import type {
  ProductLimits,
  ProductOperand,
  ProductPlan,
  ProductRequest,
  ProductStep,
  ProductThresholds,
  Tile,
  VectorAxis,
} from './request.ts';

const tile = (rows: number, columns: number, depth: number, threadRows: number, threadColumns: number): Tile => ({
  rows,
  columns,
  depth,
  threadRows,
  threadColumns,
});

/**
 * From which sizes on one way to compute a product beats another: by reasoning, until `scripts/products.ts`, which measures
 * the ways on a card and prints what to set here, has run on one.
 */
export const THRESHOLDS: ProductThresholds = {
  tiles: [
    { tile: tile(128, 128, 16, 8, 8), speed: 1 },
    { tile: tile(128, 64, 16, 8, 8), speed: 0.9 },
    { tile: tile(64, 128, 16, 8, 8), speed: 0.9 },
    { tile: tile(64, 64, 16, 8, 4), speed: 0.75 },
    { tile: tile(64, 32, 16, 4, 4), speed: 0.55 },
    { tile: tile(32, 64, 16, 4, 4), speed: 0.55 },
    { tile: tile(32, 32, 16, 4, 4), speed: 0.45 },
  ],
  enoughThreads: 132 * 512,
  shortestPiece: 128,
  leastTiled: 12,
  leastTiledDepth: 8,
  leastTiledWork: 2 ** 21,
  leastShared: 64,
  enoughAlone: 2048,
  longAlone: 512,
};

const MOST_PIECES = 256;
/** Threads of a workgroup of the families `rows` and `small`, and of the last step. */
export const GROUP = 256;
export const SMALL_GROUP = 64;

/** Plans the dispatches of a product by its shape and the strides of its operands. */
export function planProduct(request: ProductRequest): ProductPlan {
  const { batch, m, n, k, family, thresholds = THRESHOLDS } = request;
  if (request.tile) return tiled(request, request.tile, request.pieces ?? 1);
  const { enoughThreads, leastTiled, leastTiledDepth, leastTiledWork } = thresholds;
  const tiles = thresholds.tiles.filter(({ tile: each }) => fits(each, request.limits));
  const isLarge = batch * m * n * k > leastTiledWork && Math.min(m, n) >= leastTiled && k >= leastTiledDepth;
  if (tiles.length > 0 && (family === 'tiled' || (family === undefined && isLarge))) {
    let best = { cost: Infinity, tile: tiles[0].tile, pieces: 1 };
    for (const { tile: each, speed } of tiles) {
      const groups = Math.ceil(m / each.rows) * Math.ceil(n / each.columns) * batch;
      const threads = threadsOf(each);
      const wanted = Math.ceil(enoughThreads / (groups * threads));
      const pieces = Math.max(1, Math.min(wanted, Math.floor(k / thresholds.shortestPiece), MOST_PIECES));
      const busy = Math.min(1, (groups * pieces * threads) / enoughThreads);
      // What the last step reads counts like a few multiplications each.
      const extra = pieces > 1 ? batch * m * n * pieces * 8 : 0;
      const cost = (groups * each.rows * each.columns * k) / (speed * busy) + extra;
      if (cost < best.cost) best = { cost, tile: each, pieces };
    }
    return tiled(request, best.tile, best.pieces);
  }
  const elements = batch * m * n;
  const alone = k > thresholds.longAlone ? enoughThreads * 4 : thresholds.enoughAlone;
  const isShared = family === undefined ? k >= thresholds.leastShared && elements < alone : family === 'rows';
  return isShared ? rows(request, enoughThreads) : small(request);
}

export const threadsOf = ({ rows, columns, threadRows, threadColumns }: Tile): number =>
  (rows / threadRows) * (columns / threadColumns);

/** Vectors of a row of a tile in workgroup memory; one more than it has, against bank conflicts. */
export const rowVectors = (extent: number): number => extent / 4 + 1;

function fits(each: Tile, limits: ProductLimits): boolean {
  const bytes = (rowVectors(each.rows) + rowVectors(each.columns)) * each.depth * 16;
  return threadsOf(each) <= limits.maxComputeInvocationsPerWorkgroup && bytes <= limits.maxComputeWorkgroupStorageSize;
}

/** A number of workgroups as dimensions, each within the limit. The kernels count along x, then along y. */
function grid(groups: number, { maxComputeWorkgroupsPerDimension: most }: ProductLimits): [number, number, number] {
  const y = Math.ceil(groups / most);
  return [Math.ceil(groups / y), y, 1];
}

function tiled(request: ProductRequest, each: Tile, pieces: number): ProductPlan {
  const { batch, m, n, k, limits } = request;
  const pieceLength = Math.ceil(k / pieces / each.depth) * each.depth || each.depth;
  const used = Math.max(1, Math.ceil(k / pieceLength));
  const groups = Math.ceil(m / each.rows) * Math.ceil(n / each.columns) * batch * used;
  const vectors = {
    lhs: vectorAxis(request, request.lhs, m),
    rhs: vectorAxis(request, request.rhs, n),
  };
  return finished(
    { request, family: 'tiled', tile: each, slices: 1, pieces: used, pieceLength, vectors },
    grid(groups, limits),
  );
}

/** Elements whose sum is long and that are few: their threads go along whichever axis lies close together. */
function rows(request: ProductRequest, enoughThreads: number): ProductPlan {
  const { batch, m, n, k, limits } = request;
  const elements = batch * m * n;
  const slices = sharesAlongSum(request) ? (elements * 32 < enoughThreads && k >= 1024 ? GROUP : 32) : 8;
  const groups = Math.ceil(elements / (GROUP / slices));
  const wanted = Math.ceil(enoughThreads / (groups * GROUP));
  const pieces = Math.max(1, Math.min(wanted, Math.floor(k / (slices * 16)), MOST_PIECES));
  const pieceLength = Math.ceil(k / pieces);
  const used = Math.ceil(k / pieceLength);
  const vectors = { lhs: null, rhs: null };
  return finished(
    { request, family: 'rows', tile: null, slices, pieces: used, pieceLength, vectors },
    grid(groups * used, limits),
  );
}

function small(request: ProductRequest): ProductPlan {
  const { batch, m, n, k, limits } = request;
  const vectors = { lhs: null, rhs: null };
  return finished(
    { request, family: 'small', tile: null, slices: 1, pieces: 1, pieceLength: k, vectors },
    grid(Math.ceil((batch * m * n) / SMALL_GROUP), limits),
  );
}

/** Whether neighboring threads read along the contracted axis of the larger operand: its elements lie together there. */
export function sharesAlongSum({ m, n, lhs, rhs }: ProductRequest): boolean {
  const larger = m >= n ? lhs : rhs;
  return larger === null || larger.contract === 1 || larger.free !== 1;
}

function finished(
  plan: Omit<ProductPlan, 'scratchBytes' | 'steps'>,
  workgroups: [number, number, number],
): ProductPlan {
  const { request, pieces } = plan;
  const reads = { lhs: true, rhs: true };
  if (pieces === 1) {
    const step: ProductStep = { kind: 'product', ...reads, scratch: false, finishes: true, workgroups };
    return { ...plan, scratchBytes: 0, steps: [step] };
  }
  const elements = request.batch * request.m * request.n;
  const combine = grid(Math.ceil(elements / SMALL_GROUP), request.limits);
  return {
    ...plan,
    scratchBytes: 4 * elements * pieces,
    steps: [
      { kind: 'partial', ...reads, scratch: true, finishes: false, workgroups },
      { kind: 'combine', lhs: false, rhs: false, scratch: true, finishes: true, workgroups: combine },
    ],
  };
}

/** The axis along which an operand's elements can be read by fours: contiguous, and every vector whole and aligned. */
function vectorAxis(request: ProductRequest, operand: ProductOperand | null, extent: number): VectorAxis | null {
  if (operand === null || request.vectors === false || operand.offset % 4 !== 0) return null;
  if (request.batch > 1 && operand.batch % 4 !== 0) return null;
  const { k } = request;
  if (operand.free === 1 && extent % 4 === 0 && (k === 1 || operand.contract % 4 === 0)) return 'free';
  if (operand.contract === 1 && k % 4 === 0 && (extent === 1 || operand.free % 4 === 0)) return 'contract';
  return null;
}
