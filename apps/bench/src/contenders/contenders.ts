import manifest from '../../package.json' with { type: 'json' };
import type { Contender } from '../contender.ts';
import { flowfield } from './flowfield.ts';
import { jaxJs } from './jaxJs.ts';
import { tensorflowJs } from './tensorflowJs.ts';

/** Everyone, ours first: on one thread, and on `threads` if those are more. Peers are pinned, so the manifest tells their versions. */
export async function contenders(threads = 1): Promise<Contender[]> {
  const { dependencies } = manifest;
  return [
    flowfield('here', 1),
    ...(threads > 1 ? [flowfield('here', threads)] : []),
    await tensorflowJs(dependencies['@tensorflow/tfjs']),
    await jaxJs(dependencies['@jax-js/jax']),
  ];
}
