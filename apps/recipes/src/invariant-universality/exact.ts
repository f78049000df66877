import {
  alternatingGroup,
  equivarianceError,
  type GroupLayer,
  type GroupLinearParams,
  groupLinear,
  groupLinearParameters,
  groupNamed,
  invariantNetwork,
  symmetricGroup,
} from '@flowfield/equivariant-layers';
import { random, type Tensor } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import { relativeDifference } from '../symmetry/differences.ts';
import { convolutionError, deepSetsError, jointRank } from './knownLayers.ts';
import { movedTuples, wrongCounts } from './orbitLaws.ts';

const TESTED = ['C4', 'D5', 'V4', 'A4', 'AGL(1,5)', 'S2 x S3'];

export const exact: Part = {
  name: 'exact',
  summary: 'orbits and parameters counted, layers of six groups moved by their groups, A4 against S4',
  minutes: 0.2,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics: [
    { name: 'wrongCounts', label: 'orbit counts that differ from theory, of 96', gate: { atMost: 0 }, digits: 0 },
    { name: 'wrongSizes', label: 'layers whose parameters Burnside counts otherwise', gate: { atMost: 0 }, digits: 0 },
    { name: 'movedTuples', label: 'tuples that a generator takes out of their orbit', gate: { atMost: 0 }, digits: 0 },
    { name: 'equivarianceF64', label: 'equivariance error, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'equivarianceF32', label: 'equivariance error, float32', gate: { atMost: 1e-5 }, digits: 8 },
    { name: 'convolution', label: 'C8 against circular convolution, float32', gate: { atMost: 1e-6 }, digits: 8 },
    { name: 'deepSets', label: 'S5 on vectors against x A + mean(x) B', gate: { atMost: 1e-12 }, digits: 16 },
    {
      name: 'rank',
      label: 'rank of S5 on matrices with the 15 operations',
      gate: { atMost: 15, atLeast: 15 },
      digits: 0,
    },
    { name: 'order1Odd', label: 'A4, order 1: change by odd permutations', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'order2Odd', label: 'A4, order 2: least change by an odd permutation', gate: { atLeast: 1e-4 }, digits: 5 },
    { name: 'order2Even', label: 'A4, order 2: change by even permutations', gate: { atMost: 1e-12 }, digits: 16 },
  ],
  async run({ seed }) {
    const key = random.key(seed);
    const layers = TESTED.flatMap(layersOf);
    const errors = (dtype: 'f32' | 'f64') =>
      Math.max(...layers.map((layer, i) => errorOf(layer, random.foldIn(key, i), dtype)));
    return {
      figures: {
        wrongCounts: wrongCounts(),
        wrongSizes: layers.filter((layer) => layer.parameterCount !== burnside(layer)).length,
        movedTuples: movedTuples(random.foldIn(key, 100)),
        equivarianceF64: errors('f64'),
        equivarianceF32: errors('f32'),
        convolution: convolutionError(random.foldIn(key, 101)),
        deepSets: deepSetsError(random.foldIn(key, 102)),
        rank: jointRank(),
        ...alternatingErrors(random.foldIn(key, 103)),
      },
    };
  },
};

const burnside = ({ group, orderIn, orderOut, channelsIn, channelsOut }: GroupLayer<GroupLinearParams>): number =>
  groupLinearParameters({ group, orderIn, orderOut, channelsIn, channelsOut });

const layersOf = (name: string): GroupLayer<GroupLinearParams>[] =>
  [0, 1, 2].flatMap((orderIn) =>
    [0, 1, 2].map((orderOut) =>
      groupLinear({ group: groupNamed(name), orderIn, orderOut, channelsIn: 3, channelsOut: 2, dtype: 'f64' }),
    ),
  );

function errorOf(layer: GroupLayer<GroupLinearParams>, key: random.Key, dtype: 'f32' | 'f64'): number {
  const [inputKey, errorKey] = random.split(key);
  const extents = Array<number>(layer.orderIn as number).fill(layer.group.degree);
  const input = random.normal(inputKey, [...extents, 3], { dtype: 'f64' });
  return equivarianceError(layer, { input, key: errorKey, dtype, samples: 5 }).max;
}

/** What permutations of four points do to networks over A4. */
function alternatingErrors(key: random.Key) {
  const group = alternatingGroup(4);
  const elements = [...symmetricGroup(4).elements()];
  const even = elements.filter((g) => group.contains(g));
  const odd = elements.filter((g) => !group.contains(g));
  const x = random.normal(random.foldIn(key, 0), [4, 1], { dtype: 'f64' });
  const changes = (orders: readonly number[]) => {
    const net = invariantNetwork({
      group,
      orders,
      channels: orders.map((_, i) => (i ? 32 : 1)),
      outputs: 1,
      dtype: 'f64',
    });
    const params = net.init(random.foldIn(key, 1));
    const here = net.apply(params, x);
    const moved = (g: readonly number[]): Tensor => net.apply(params, x.take([...g]));
    return (list: readonly number[][]) => list.map((g) => relativeDifference(moved(g), here));
  };
  const [order1, order2] = [changes([1, 1, 1]), changes([1, 2, 2])];
  return {
    order1Odd: Math.max(...order1(odd)),
    order2Odd: Math.min(...order2(odd)),
    order2Even: Math.max(...order2(even)),
  };
}
