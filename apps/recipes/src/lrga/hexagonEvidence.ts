import { random, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { cycleGraphs } from './cycles.ts';
import { randomNet } from './randomNet.ts';

/** Forwards of each of both graphs. */
const FORWARDS = 10_000;

/**
 * How far apart the logits of a hexagon and of two triangles are in distribution under an untrained network with random numbers at the nodes: the difference of their means
 * and of their mean squares, in standard errors, the larger of both.
 */
export function hexagonEvidence(key: random.Key): number {
  const net = randomNet({ features: 1, rounds: 2, pool: 'mean' });
  const params = net.init(random.foldIn(key, 80));
  const labels = tensor(Float32Array.from({ length: 2 * FORWARDS }, (_, i) => i % 2));
  const logits = net.apply(params, cycleGraphs(labels), random.foldIn(key, 81)).reshape([FORWARDS, 2]);
  const apart = (values: Tensor): number => {
    const [one, other] = [0, 1].map((i) => values.slice('...', i));
    const error = one.var().add(other.var()).div(FORWARDS).sqrt();
    return one.mean().sub(other.mean()).abs().div(error).item();
  };
  return Math.max(apart(logits), apart(logits.sub(logits.mean()).square()));
}
