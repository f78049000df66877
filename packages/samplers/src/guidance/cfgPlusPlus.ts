import { type Scheduler, schedulerAt } from '@flowfield/paths';
import { checkedOptions, type Tensor } from '@flowfield/tensor-webgpu';
import { checkedNumber } from '../choices.ts';
import { pathModel } from '../denoiser.ts';
import { evaluationsOf } from '../field.ts';
import { scalarType, spread } from '../rows.ts';
import { type Transition, transitionOf } from '../transitions/transition.ts';
import type { GuidedFields } from './guided.ts';

export interface CfgPlusPlusOptions {
  readonly scheduler: Scheduler;
  /** λ in [0, 1] as a rule: 0 is the unconditional model, 1 the data of the conditional one. */
  readonly lambda: number;
}

/**
 * A step of CFG++: the data are predicted by the guided field, the noise by the unconditional one,
 *
 *   x_t' = α' (D_u + λ (D_c - D_u)) + σ' e_u,
 *
 * so that points stay near the data where plain guidance leaves them.
 *
 * Source: Chung et al. 2024, "CFG++: Manifold-constrained Classifier Free Guidance for Diffusion Models", on any affine path.
 */
export function cfgPlusPlus(fields: GuidedFields, options: CfgPlusPlusOptions): Transition {
  const use = 'cfgPlusPlus';
  const { scheduler, lambda } = checkedOptions(use, options, ['scheduler', 'lambda']);
  checkedNumber(`${use}: lambda`, lambda, 0);
  const { conditional, unconditional } = checkedOptions(use, fields, ['conditional', 'unconditional']);
  const [given, plain] = [conditional, unconditional].map((field) => pathModel(use, field, { scheduler }));
  const cost = evaluationsOf(conditional) + evaluationsOf(unconditional);
  return transitionOf(cost, (x, t, tNext) => {
    const dtype = scalarType(x);
    const now = schedulerAt(scheduler, t.astype(dtype));
    const next = schedulerAt(scheduler, tNext.astype(dtype));
    const free = plain.as('data', x, t);
    const data: Tensor = free.add(given.as('data', x, t).sub(free).mul(lambda));
    const noise = x.sub(free.mul(spread(now.alphaT, x))).mul(spread(next.sigmaT.div(now.sigmaT), x));
    return data.mul(spread(next.alphaT, x)).add(noise);
  });
}
