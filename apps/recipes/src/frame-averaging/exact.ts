import { graphFrame } from '@flowfield/equivariant-layers';
import { random, type Tensor } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';
import type { Part } from '../part.ts';
import { EXP, readExp } from '../symmetry/expGraphs.ts';
import { adjacencyOf, GRAPH8C, hardPairs } from '../symmetry/graph8c.ts';
import { relabelled } from './graph8c.ts';
import {
  averagedError,
  closedFormsError,
  crossProductError,
  maskError,
  unguarded,
  wrongFrameSizes,
} from './pointLaws.ts';

/** Graphs of each set whose criterion is computed again after relabelling. */
const RELABELLED = 100;

export const exact: Part = {
  name: 'exact',
  summary: 'a perceptron averaged over frames of seven groups, closed forms, degenerate clouds, sorted graphs',
  minutes: 0.5,
  onlyCpu: 'it computes in float64',
  data: [GRAPH8C, EXP],
  seeds: [0],
  metrics: [
    { name: 'errorF64', label: 'error of equivariance, float64', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'errorF32', label: 'error of equivariance, float32', gate: { atMost: 1e-5 }, digits: 8 },
    { name: 'wrongSizes', label: 'frames that have not 2^d elements, or half of them', gate: { atMost: 0 }, digits: 0 },
    { name: 'closedForms', label: 'averages that are known', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'crossProduct', label: 'frames of SE(3) against cross products', gate: { atMost: 1e-12 }, digits: 16 },
    { name: 'mask', label: 'a padded cloud against the cloud alone', gate: { atMost: 1e-6 }, digits: 9 },
    { name: 'unguarded', label: 'degenerate clouds that are let through, or give NaN', gate: { atMost: 0 }, digits: 0 },
    { name: 'changed', label: 'graphs that relabelling sorts otherwise, of 200', gate: { atMost: 0 }, digits: 0 },
  ],
  async run({ seed, files }) {
    const key = random.key(seed);
    return {
      figures: {
        errorF64: averagedError('f64', random.foldIn(key, 0)),
        errorF32: averagedError('f32', random.foldIn(key, 0)),
        wrongSizes: wrongFrameSizes(random.foldIn(key, 1)),
        closedForms: closedFormsError(random.foldIn(key, 2)),
        crossProduct: crossProductError(random.foldIn(key, 3)),
        mask: maskError(random.foldIn(key, 4)),
        unguarded: unguarded(random.foldIn(key, 5)),
        changed: await changedCriteria(files, random.foldIn(key, 6)),
      },
    };
  },
};

async function changedCriteria(files: DataFiles, key: random.Key): Promise<number> {
  const { adjacency } = await hardPairs(files);
  const { graphs } = await readExp(files);
  const tested: Tensor[] = [
    ...Array.from({ length: RELABELLED }, (_, i) => adjacency.at(i)),
    ...graphs.slice(0, RELABELLED).map((graph) => adjacencyOf([graph]).at(0)),
  ];
  const criterion = (graph: Tensor): string => JSON.stringify(graphFrame(graph).criterion);
  return tested.filter((graph, i) => criterion(graph) !== criterion(relabelled(graph, random.foldIn(key, i)))).length;
}
