import { countEquivariantMaps } from '@flowfield/equivariant-layers';
import { eye, random } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { GRAPH8C, hardPairs } from '../symmetry/graph8c.ts';
import { averagingErrors, basis, patterns, rank, spaces } from './basisLaws.ts';
import { formulasError, operationsError } from './closedForms.ts';
import { gradientError, paddingError, pairDifferences, stackError } from './layerLaws.ts';

/** Ranks of the 15 operations on 1 to 5 nodes. */
const RANKS = [1, 8, 14, 15, 15];
const NET_SEEDS = 5;

export const exact: Part = {
  name: 'exact',
  summary: 'all maps between orders up to 3 counted, averaged over relabellings and compared with formulas',
  minutes: 0.5,
  onlyCpu: 'it computes in float64',
  data: [GRAPH8C],
  seeds: [0],
  efforts: ['quick'],
  metrics: [
    {
      name: 'wrongCounts',
      label: 'spaces where maps, rank and patterns are not one number',
      gate: exactly(0),
      digits: 0,
    },
    {
      name: 'wrongRanks',
      label: 'ranks of the 15 operations that are not 1, 8, 14, 15, 15',
      gate: exactly(0),
      digits: 0,
    },
    {
      name: 'outside',
      label: 'averaged random maps: distance from the basis',
      gate: { atMost: 1e-12, quick: true },
      digits: 16,
    },
    {
      name: 'moved',
      label: 'maps of the basis: change by averaging',
      gate: { atMost: 1e-12, quick: true },
      digits: 16,
    },
    { name: 'operations', label: 'the 15 operations on ones and on I', gate: { atMost: 1e-14 }, digits: 16 },
    { name: 'formulas', label: 'layers against formulas written out', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'layerF64', label: 'equivariance error of a layer, n = 30, float64', gate: { atMost: 1e-14 }, digits: 17 },
    { name: 'layerF32', label: 'the same in float32', gate: { atMost: 1e-6 }, digits: 9 },
    { name: 'netF64', label: 'equivariance error of three layers, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'netF32', label: 'the same in float32', gate: { atMost: 1e-5 }, digits: 9 },
    { name: 'padding', label: 'a padded batch against its graphs alone', gate: { atMost: 1e-6 }, digits: 9 },
    { name: 'gradient', label: 'derivatives against differences, relative', gate: { atMost: 1e-6 }, digits: 10 },
    {
      name: 'hardPairs',
      label: 'pairs of graph8c that color refinement cannot tell apart',
      gate: exactly(312),
      digits: 0,
    },
    {
      name: 'hardDifference',
      label: 'order-2 networks on them: largest difference',
      gate: { atMost: 1e-12 },
      digits: 16,
    },
    {
      name: 'otherDifference',
      label: 'on pairs that it tells apart: least difference',
      gate: { atLeast: 1e-9 },
      digits: 9,
    },
  ],
  async run({ seed, effort, files }) {
    const key = random.key(seed);
    const tested = spaces.filter(({ nodes }) => effort !== 'quick' || nodes <= 4);
    const laws = tested.map((space, i) => {
      const rows = basis(space);
      const counts = [patterns(space), countEquivariantMaps(space), rank(rows)];
      return { right: new Set(counts).size === 1, ...averagingErrors(space, rows, random.foldIn(key, i)) };
    });
    const ranks = RANKS.map((_, i) => rank(basis({ orderIn: 2, orderOut: 2, nodes: i + 1 })));
    const channels = [2, 16, 32, 64];
    return {
      figures: {
        wrongCounts: laws.filter(({ right }) => !right).length,
        wrongRanks: ranks.filter((found, i) => found !== RANKS[i]).length,
        outside: Math.max(...laws.map(({ outside }) => outside)),
        moved: Math.max(...laws.map(({ moved }) => moved)),
        operations: operationsError(),
        formulas: formulasError(random.foldIn(key, 1000)),
        layerF64: stackError([2, 16], 'f64', random.foldIn(key, 1001)),
        layerF32: stackError([2, 16], 'f32', random.foldIn(key, 1001)),
        netF64: stackError(channels, 'f64', random.foldIn(key, 1002)),
        netF32: stackError(channels, 'f32', random.foldIn(key, 1002)),
        padding: paddingError(random.foldIn(key, 1003)),
        gradient: gradientError(random.foldIn(key, 1004)),
        ...(await expressiveness(files, random.foldIn(key, 1005))),
      },
    };
  },
};

function exactly(count: number) {
  return { atLeast: count, atMost: count };
}

async function expressiveness(files: Parameters<typeof hardPairs>[0], key: random.Key) {
  const { adjacency, pairs, others } = await hardPairs(files);
  const identity = eye(adjacency.shape[1], { dtype: 'f64' });
  const apart = Array.from({ length: others.shape[0] - 1 }, (_, i) => [i, i + 1] as const);
  const differences = Array.from({ length: NET_SEEDS }, (_, i) => random.foldIn(key, i)).flatMap((own) =>
    (['max', 'sum'] as const).map((pool) => ({
      hard: Math.max(...pairDifferences(adjacency, identity, pairs, pool, own)),
      other:
        pool === 'sum' ? Math.min(...pairDifferences(others, identity, apart, pool, own)) : Number.POSITIVE_INFINITY,
    })),
  );
  return {
    hardPairs: pairs.length,
    hardDifference: Math.max(...differences.map(({ hard }) => hard)),
    otherDifference: Math.min(...differences.map(({ other }) => other)),
  };
}
