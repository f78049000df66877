import { random, type Tensor } from '@flowfield/tensor-webgpu';
import { batchGraphs, completeGraph, gin, messagePassing, nBodyNet, poolGraphs, squaredDistances } from '../index.ts';

/** Layers and operations on numbers that live on one device, with graphs as plain data. */
export function layersOn(device: string): Record<string, () => Tensor> {
  const key = random.key(1, { device });
  const x = random.normal(random.key(2, { device }), [2, 6, 3]);
  const flat = x.reshape([12, 3]);
  const batch = batchGraphs([completeGraph(6), completeGraph(6)]);
  const padded = {
    adjacency: Array.from({ length: 6 }, (_, i) => [0, 1, 1, 0, 1, 0].map((to) => Number(to !== i % 2))),
  };
  const mask = [1, 1, 1, 1, 1, 0];
  const net = gin({ inputs: 3, outputs: 4, learnEpsilon: true });
  const particles = nBodyNet({ inputs: 3, outputs: 3, width: 4, layers: 2 });
  return {
    'gin on a flat batch': () => net.apply(net.init(key), flat, batch),
    'gin on padded graphs': () => net.apply(net.init(key), x, { ...padded, mask }),
    nBodyNet: () => particles.apply(particles.init(key), x, { ...padded, mask }),
    messagePassing: () => messagePassing(flat, batch, { reduce: 'mean' }),
    'messagePassing, largest': () => messagePassing(flat, batch, { reduce: 'max' }),
    squaredDistances: () => squaredDistances(flat, batch),
    poolGraphs: () => poolGraphs(x, { mask }, 'mean'),
    'poolGraphs, flat': () => poolGraphs(flat, batch, 'max'),
  };
}
