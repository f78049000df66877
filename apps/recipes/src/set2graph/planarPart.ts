import { edgeF1, edgeLoss, type Set2GraphParams, set2Graph } from '@flowfield/equivariant-layers';
import { adam, cosineSchedule } from '@flowfield/nn';
import { jit, onHost, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Gate, Metric, Part, PartContext } from '../part.ts';
import { gabrielGraph, graphF1, nearestGraph, type PlanarSet, type PlanarTask, planarSets } from './planarGraphs.ts';
import { planarPicture } from './planarPicture.ts';

interface PlanarPart {
  readonly name: string;
  readonly summary: string;
  readonly minutes: number;
  readonly seeds?: readonly number[];
  readonly efforts?: Part['efforts'];
  readonly task: PlanarTask;
  readonly n: number;
  /** Widths of the layers on points and on pairs. */
  readonly set: readonly number[];
  readonly edge: readonly number[];
  /** How often a training set is seen, all together. */
  readonly passes: number;
  readonly batch: number;
  readonly gates: { readonly f1: Gate; readonly siamese?: Gate; readonly gain?: Gate };
  readonly paper?: string;
}

const TRAINING_SETS = 20_000;
const TEST_SETS = 500;
/** Sets in one call of an evaluation. */
const CHUNK = 50;
/** Share of the schedule that a quick run goes through. */
const QUICK_SHARE = 1 / 4;
const NEAREST = [1, 2, 3, 4, 5, 6, 7, 8];

/** A graph on points of the plane, by Set2Graph and, where there is a gate for it, by the same network without context. */
export const planarPart = ({ name, summary, minutes, seeds, efforts, ...own }: PlanarPart): Part => ({
  name,
  summary,
  minutes,
  ...(seeds && { seeds }),
  ...(efforts && { efforts }),
  metrics: metricsOf(own),
  async run(context) {
    const key = random.key(context.seed);
    const drawn = onHost(planarSets);
    const train = await drawn(own.task, TRAINING_SETS, own.n, random.foldIn(key, 0));
    const test = await drawn(own.task, TEST_SETS, own.n, random.foldIn(key, 1));
    const aware = await fitted(context, own, train, 'mean');
    const siamese = own.gates.siamese ? await fitted(context, own, train, 'none') : null;
    const f1 = await aware.f1(test);
    const alone = await siamese?.f1(test);
    return {
      figures: {
        f1,
        ...(alone !== undefined && { siamese: alone }),
        ...(own.gates.gain && alone !== undefined && { gain: f1 - alone }),
        ...(own.task === 'delaunay' && {
          gabriel: meanF1(test, gabrielGraph),
          nearest: Math.max(...NEAREST.map((k) => meanF1(test, (points) => nearestGraph(points, k)))),
        }),
      },
      pictures: { graphs: planarPicture(test.slice(0, 3), await aware.graphs(test.slice(0, CHUNK))) },
    };
  },
});

const metricsOf = ({ gates, task, paper }: Omit<PlanarPart, 'name' | 'summary' | 'minutes'>): Metric[] => [
  { name: 'f1', label: 'F1 of edges', gate: gates.f1, ...(paper && { paper }) },
  ...(gates.siamese ? [{ name: 'siamese', label: 'F1 without context', gate: gates.siamese, baseline: true }] : []),
  ...(gates.gain ? [{ name: 'gain', label: 'what context gains', gate: gates.gain }] : []),
  ...(task === 'delaunay'
    ? [
        { name: 'gabriel', label: 'F1 of the Gabriel graph', baseline: true },
        { name: 'nearest', label: 'F1 of nearest neighbors, best number', baseline: true },
      ]
    : []),
];

type Own = Parameters<typeof metricsOf>[0];

async function fitted(
  { seed, effort, trained }: PartContext,
  own: Own,
  sets: readonly PlanarSet[],
  context: 'mean' | 'none',
) {
  const net = set2Graph({
    inputs: 2,
    set: own.set,
    edge: own.edge,
    diagonal: true,
    context,
    output: own.task === 'neighbors' ? 'directed' : 'symmetric',
  });
  const logits = (params: Set2GraphParams, x: Tensor): Tensor => net.apply(params, x).squeeze(-1);
  const steps = own.passes / own.batch;
  const { params } = await trained(context === 'mean' ? 'set2graph' : 'siamese', {
    params: net.init(random.key(seed)),
    batches: shuffledRows(asTensors(sets), { batchSize: own.batch, seed }),
    loss: (params: Set2GraphParams, { x, edges }: { x: Tensor; edges: Tensor }): Tensor =>
      edgeLoss(logits(params, x), edges.astype('f32'), { diagonal: true }),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 1e-3, steps }) }),
    steps: effort === 'quick' ? steps * QUICK_SHARE : steps,
    innerSteps: 50,
    logEvery: 250,
  });
  const score = jit((x: Tensor, edges: Tensor): Tensor => edgeF1(logits(params, x), edges.astype('f32')).mean());
  const graphs = jit((x: Tensor): Tensor => logits(params, x).greaterEqual(0).astype('i32'));
  return {
    async f1(test: readonly PlanarSet[]): Promise<number> {
      const starts = Array.from({ length: test.length / CHUNK }, (_, i) => i * CHUNK);
      const scores = starts.map((start) => {
        const { x, edges } = asTensors(test.slice(start, start + CHUNK));
        return score(x, edges);
      });
      return (await toHost(scores)).reduce((sum, one) => sum + one.item(), 0) / scores.length;
    },
    graphs: async (test: readonly PlanarSet[]) => Uint8Array.from(await graphs(asTensors(test).x).data(), Number),
  };
}

const meanF1 = (sets: readonly PlanarSet[], graph: (points: Float64Array) => Uint8Array): number =>
  sets.reduce((sum, { points, edges }) => sum + graphF1(graph(points), edges), 0) / sets.length;

/** x [sets, n, 2] and edges [sets, n, n], a byte each. */
function asTensors(sets: readonly PlanarSet[]): { x: Tensor; edges: Tensor } {
  const n = sets[0].points.length / 2;
  const points = new Float32Array(sets.length * 2 * n);
  const edges = new Uint8Array(sets.length * n * n);
  sets.forEach((set, i) => {
    points.set(set.points, i * 2 * n);
    edges.set(set.edges, i * n * n);
  });
  return {
    x: tensor(points).reshape([sets.length, n, 2]),
    edges: tensor(edges, { dtype: 'bool' }).reshape([sets.length, n, n]),
  };
}
