import manifest from '../../package.json' with { type: 'json' };
import type { Contender } from '../contender.ts';
import { flowfield } from './flowfield.ts';
import { jaxJs } from './jaxJs.ts';
import { tensorflowJs } from './tensorflowJs.ts';

/** Everyone, ours first. Peers are pinned, so the manifest tells their versions. */
export async function contenders(): Promise<Contender[]> {
  const { dependencies } = manifest;
  return [
    flowfield('here'),
    await tensorflowJs(dependencies['@tensorflow/tfjs']),
    await jaxJs(dependencies['@jax-js/jax']),
  ];
}
