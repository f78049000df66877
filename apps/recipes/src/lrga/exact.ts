import { random, type Tensor, tree } from '@flowfield/tensor-webgpu';
import type { Part } from '../part.ts';
import {
  batchError,
  constantError,
  denseError,
  gradientError,
  randomMeanError,
  relabellingError,
  scaleError,
  silence,
  strangerEffect,
} from './attentionLaws.ts';
import { type Context, clusterNet } from './clusterNets.ts';
import { hexagonEvidence } from './hexagonEvidence.ts';
import { randomNet } from './randomNet.ts';

export const exact: Part = {
  name: 'exact',
  summary: 'attention against its n x n form, relabelled, in batches, without features; random features; parameters',
  minutes: 0.2,
  onlyCpu: 'it computes in float64',
  seeds: [0],
  metrics: [
    { name: 'denseF64', label: 'against the n x n form, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'denseF32', label: 'the same, float32', gate: { atMost: 1e-5 }, digits: 8 },
    { name: 'errorF64', label: 'error of equivariance, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'errorF32', label: 'the same, float32', gate: { atMost: 1e-5 }, digits: 8 },
    { name: 'batches', label: 'graphs alone, padded together, flat together', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'stranger', label: 'change by another graph of the batch', gate: { atMost: 0 }, digits: 0 },
    { name: 'silence', label: 'result where no feature is above 0', gate: { atMost: 0 }, digits: 0 },
    { name: 'scale', label: 'change by factors on U or V', gate: { atMost: 1e-5 }, digits: 9 },
    { name: 'constant', label: 'spread of rows for equal nodes', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'gradient', label: 'derivatives against differences, relative', gate: { atMost: 1e-6 }, digits: 10 },
    {
      name: 'randomMean',
      label: 'random features: means after relabelling, standard errors off',
      gate: { atMost: 4 },
    },
    {
      name: 'hexagon',
      label: 'random features: hexagon from two triangles, standard errors apart',
      gate: { atLeast: 6 },
      digits: 1,
    },
    { name: 'wrongCounts', label: 'networks with another number of parameters', gate: { atMost: 0 }, digits: 0 },
  ],
  async run({ seed }) {
    const key = random.key(seed);
    return {
      figures: {
        denseF64: denseError(key, 'f64'),
        denseF32: denseError(key, 'f32'),
        errorF64: relabellingError(key, 'f64'),
        errorF32: relabellingError(key, 'f32'),
        batches: batchError(key),
        stranger: strangerEffect(key),
        silence: silence(key),
        scale: scaleError(key),
        constant: constantError(key),
        gradient: gradientError(key),
        randomMean: randomMeanError(key),
        hexagon: hexagonEvidence(key),
        wrongCounts: wrongCounts(key),
      },
    };
  },
};

/** Networks of the other parts whose parameters are not as many as the paper's layers have. */
function wrongCounts(key: random.Key): number {
  const contexts: readonly [Context, number][] = [
    ['none', 101_801],
    ['attention', 103_062],
    ['mean', 103_062],
  ];
  const counted: [params: unknown, expected: number][] = [
    ...contexts.map(([context, count]): [unknown, number] => [clusterNet(context).init(key), count]),
    [randomNet({ features: 1, rounds: 4, pool: 'mean' }).init(key), 97_025],
    [randomNet({ features: 2, rounds: 6, pool: 'sum' }).init(key), 142_913],
  ];
  return counted.filter(([params, expected]) => {
    const found = (tree.leaves(params) as Tensor[]).reduce((sum, { size }) => sum + size, 0);
    return found !== expected;
  }).length;
}
