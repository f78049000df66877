import { type initializers, type Layer, type LinearParams, linear } from '@flowfield/nn';
import {
  ArgumentError,
  checkedOptions,
  checkedWhole,
  concat,
  random,
  silu,
  type Tensor,
  type TensorLike,
  where,
} from '@flowfield/tensor-webgpu';
import type { DegeneratePolicy } from './degenerate.ts';
import { type EuclideanGroupName, euclideanGroup } from './euclideanGroup.ts';
import { checkedInput, checkedSizes, type FaGnnInput, type Particles } from './particles.ts';
import { checkFrameChoices, framesOf, type PointFrames } from './pointFrames.ts';
import { intoFrames, type Kind, outOfFrames } from './transport.ts';

/** Two linear layers. */
type Pair = [LinearParams, LinearParams];

export type FaGnnParams = { input: LinearParams; layers: { edge: Pair; node: Pair }[]; output: Pair };

export interface FaGnnOptions {
  /** E(d) or SE(d). */
  readonly group: Extract<EuclideanGroupName, `${'E' | 'SE'}(${number})`>;
  /** Features of a node, a multiple of d: between layers they are read as width / d vectors (default 60). */
  readonly width?: number;
  /** Rounds of messages (default 4). */
  readonly layers?: number;
  /** Vectors given for each node besides its position, such as a velocity (default 0). */
  readonly vectors?: number;
  /** Numbers given for each node (default 0). */
  readonly scalars?: number;
  /** Numbers given for each ordered pair of nodes besides their squared distance (default 0). */
  readonly edges?: number;
  /** What a node's result is (default 'point'). */
  readonly output?: 'point' | 'vector';
  /** 'full' (default) or 'sampled' frames. */
  readonly frames?: 'full' | 'sampled';
  /** Whether frames are constants to derivatives (default true). */
  readonly detach?: boolean;
  /** Default 'error'. */
  readonly degenerate?: DegeneratePolicy;
  readonly gapTolerance?: number;
  /** Default f32. */
  readonly dtype?: initializers.ParameterDType;
}

export interface FaGnnApplyOptions {
  /** Which nodes are real, [lead…, n]; results are 0 at padding. */
  readonly mask?: TensorLike;
  /** For sampled frames and random bases. */
  readonly key?: random.Key;
  /** In place of the option of the same name. */
  readonly frames?: 'full' | 'sampled';
}

export interface FaGnn {
  readonly group: EuclideanGroupName;
  /** How the parts of the input move. */
  readonly inputs: readonly [Readonly<Record<keyof FaGnnInput, Kind>>];
  readonly outputs: 'point' | 'vector';
  init(key: random.Key): FaGnnParams;
  /** One point or vector for each node, [lead…, n, d]. */
  apply(params: FaGnnParams, input: FaGnnInput, options?: FaGnnApplyOptions): Tensor;
}

const optionNames = [
  'group',
  'width',
  'layers',
  'vectors',
  'scalars',
  'edges',
  'output',
  'frames',
  'detach',
  'degenerate',
  'gapTolerance',
  'dtype',
] as const satisfies readonly (keyof FaGnnOptions)[];

/**
 * The frame-averaged graph network for particles of Puny et al. 2022, section 5.3: a plain message-passing network on framed coordinates,
 * whose node features are averaged over the frame, read as vectors and framed anew between layers, so that every layer is
 * exactly equivariant.
 *
 * h = Linear([g⁻¹ points, g⁻¹ vectors, scalars]); messages e_ij = MLP([h_i, h_j, edges_ij, |x_i - x_j|²]), updates h_i + MLP([h_i, Σ_{j ≠ i} e_ij]);
 * last MLP(h_i) ∈ ℝᵈ, turned back, averaged, plus the mean of the points. SiLU inside. Coincident nodes are fine: distances are squared.
 * @throws ArgumentError for unknown options, a width that d does not divide, parts of the input that are missing or too many; LayerShapeError, MaskError, and as
 *   `frameAverage` for groups, keys and degenerate clouds.
 */
export function faGnn(options: FaGnnOptions): FaGnn {
  const op = 'faGnn';
  const {
    group,
    width = 60,
    layers: rounds = 4,
    output = 'point',
    dtype,
    frames,
    detach,
    degenerate,
    gapTolerance,
  } = checkedOptions(op, options, optionNames);
  const { dimension: d, translations, rotations } = euclideanGroup(op, group);
  if (!translations || rotations === 'none')
    throw new ArgumentError(`${op}: expected the group E(d) or SE(d), got ${group}. Particles have no origin.`);
  checkFrameChoices(op, { frames, detach, degenerate, gapTolerance });
  const sizes = checkedSizes(op, options);
  if (checkedWhole(`${op}: width`, width) % d !== 0) {
    throw new ArgumentError(
      `${op}: expected a width that ${d} divides, got ${width}. Node features are read as vectors of ${group}.`,
    );
  }
  if (output !== 'point' && output !== 'vector')
    throw new ArgumentError(`${op}: output must be 'point' or 'vector', got ${String(output)}.`);
  const pair = (inputs: number, outputs: number): [Layer<LinearParams>, Layer<LinearParams>] => [
    linear({ inputs, outputs: width, dtype }),
    linear({ inputs: width, outputs, dtype }),
  ];
  const input = linear({ inputs: (1 + sizes.vectors) * d + sizes.scalars, outputs: width, dtype });
  const layers = Array.from({ length: checkedWhole(`${op}: layers`, rounds) }, () => ({
    edge: pair(2 * width + sizes.edges + 1, width),
    node: pair(2 * width, width),
  }));
  const last = pair(width, d);

  return {
    group,
    inputs: [{ points: 'point', vectors: 'vector', scalars: 'scalar', edges: 'scalar' }],
    outputs: output,
    init(key) {
      const [inputKey, outputKey, ...layerKeys] = random.split(key, rounds + 2);
      return {
        input: input.init(inputKey),
        layers: layers.map(({ edge, node }, i) => {
          const [edgeKey, nodeKey] = random.split(layerKeys[i]);
          return { edge: initPair(edge, edgeKey), node: initPair(node, nodeKey) };
        }),
        output: initPair(last, outputKey),
      };
    },
    apply(params, given, call = {}) {
      const { mask, key, frames: which = frames } = checkedOptions(`${op}: apply`, call, ['mask', 'key', 'frames']);
      const particles = checkedInput(op, given, sizes, d, mask);
      checkRounds(op, params, rounds);
      const keys = key ? [...random.split(key, rounds)] : [];
      const frame = (cloud: Tensor, at: number, flags: Tensor | null): PointFrames =>
        framesOf(op, cloud, {
          group,
          mask: flags ?? undefined,
          key: keys[at],
          frames: which,
          detach,
          degenerate,
          gapTolerance,
        });

      const first = frame(particles.points, 0, particles.mask);
      const copies = [
        intoFrames(particles.points, 'point', first),
        ...particles.vectors.map((v) => intoFrames(v, 'vector', first)),
      ];
      const scalars = particles.scalars
        ? [particles.scalars.broadcastTo([first.count, ...particles.scalars.shape])]
        : [];
      let h = input.apply(params.input, concat([...copies, ...scalars], -1));
      let now = first;
      params.layers.forEach((round, i) => {
        if (i > 0) {
          const vectors = outOfFrames(asVectors(h, d), 'vector', now);
          now = frame(flatCloud(vectors), i, flatMask(particles.mask, width / d));
          h = intoFrames(vectors, 'point', now);
          h = h.reshape([...h.shape.slice(0, -2), width]);
        }
        h = messagesPassed(h, round, particles);
      });
      const y = outOfFrames(applyPair(last, params.output, h), 'vector', now);
      const placed = output === 'point' ? y.add((first.center as Tensor).expandDims(-2)) : y;
      return particles.mask ? where(particles.mask.expandDims(-1), placed, 0) : placed;
    },
  };
}

const initPair = ([first, second]: readonly Layer<LinearParams>[], key: random.Key): Pair => {
  const [a, b] = random.split(key);
  return [first.init(a), second.init(b)];
};

const applyPair = ([first, second]: readonly Layer<LinearParams>[], [a, b]: Pair, x: Tensor): Tensor =>
  second.apply(b, silu(first.apply(a, x)));

const asVectors = (h: Tensor, d: number): Tensor =>
  h.reshape([...h.shape.slice(0, -1), h.shape[h.shape.length - 1] / d, d]);

/** Vectors [lead…, n, m, d] of all nodes as one cloud [lead…, n m, d]. */
function flatCloud(vectors: Tensor): Tensor {
  const [n, m, d] = vectors.shape.slice(-3);
  return vectors.reshape([...vectors.shape.slice(0, -3), n * m, d]);
}

function flatMask(mask: Tensor | null, count: number): Tensor | null {
  if (mask === null) return null;
  const repeated = mask.expandDims(-1).broadcastTo([...mask.shape, count]);
  return repeated.reshape([...mask.shape.slice(0, -1), mask.shape[mask.shape.length - 1] * count]);
}

/**
 * One round on h [frames, lead…, n, width]. The first linear layer of a message acts on both ends and the edge apart, so that only sums run over pairs,
 * and the part of the edge, which no frame changes, is computed once.
 */
function messagesPassed(h: Tensor, { edge, node }: { edge: Pair; node: Pair }, { edges, joined }: Particles): Tensor {
  const width = h.shape[h.shape.length - 1];
  const [first, second] = edge;
  const rows = (from: number, to: number | null): Tensor => first.weight.slice([from, to]);
  const receiving = h.matmul(rows(0, width)).expandDims(-2);
  const sending = h.matmul(rows(width, 2 * width)).expandDims(-3);
  const between = edges.matmul(rows(2 * width, null)).add(first.bias as Tensor);
  const messages = silu(
    silu(receiving.add(sending).add(between))
      .matmul(second.weight)
      .add(second.bias as Tensor),
  );
  const total = where(joined, messages, 0).sum({ axis: -2 });
  const [one, two] = node;
  const inner = silu(
    concat([h, total], -1)
      .matmul(one.weight)
      .add(one.bias as Tensor),
  );
  return h.add(inner.matmul(two.weight).add(two.bias as Tensor));
}

function checkRounds(op: string, params: FaGnnParams, rounds: number): void {
  const found = Array.isArray(params?.layers) ? params.layers.length : 'no list of';
  if (found === rounds && params.input && Array.isArray(params.output)) return;
  throw new ArgumentError(
    `${op}: expected parameters { input, layers [${rounds}], output }, got ${found} layers. Draw them with init(key) of a network with the same options.`,
  );
}
