import { checkSolution, rk4 } from '@flowfield/ode-solvers';
import { condOTScheduler, maskSource, type Scheduler } from '@flowfield/paths';
import { init, onHost, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bestOfN,
  discreteEuler,
  effectiveSampleSize,
  frechetDistance,
  glass,
  logLikelihood,
  odeStep,
  runChain,
  sampleChain,
  sampleOde,
  sampleWithLogLikelihood,
  slicedWasserstein,
  steer,
  wasserstein1d,
} from './index.ts';

beforeAll(async () => {
  await init({ device: 'webgpu' });
});

const scheduler = condOTScheduler();
/** E[x1 | xt] of data N(0, 1). */
const denoiser = (x: Tensor, t: Tensor): Tensor => {
  const s = t.expandDims(-1);
  return x.mul(s.div(s.square().add(s.sub(1).square())));
};
const velocity = (x: Tensor, t: Tensor): Tensor => x.sub(t.expandDims(-1)).mul(-0.5);
const noise = (seed: number, shape = [64, 2]): Tensor => random.normal(random.key(seed), shape);

/** What `f` gives on the GPU and on the CPU, for one x. */
async function onBoth<R>(f: (x: Tensor) => R | Promise<R>, x = noise(0)): Promise<[R, R]> {
  const there = await toHost(await f(x));
  const here = await onHost((y: Tensor) => [f(y)])(x);
  return [there, await toHost(await here[0])];
}
const near = (a: Tensor, b: Tensor, digits = 4): void => expect(a.sub(b).abs().max().item()).toBeCloseTo(0, digits);

describe('samplers on a GPU give what the CPU gives, without a read', () => {
  it('samples, adaptive and fixed', async () => {
    for (const options of [{}, { solver: rk4(), steps: 5 }]) {
      const [there, here] = await onBoth((x) => sampleOde(velocity, x, options).ys);
      near(there, here);
    }
  });

  it('likelihoods, forwards and backwards', async () => {
    const [there, here] = await onBoth((x) => logLikelihood(velocity, x).logLikelihood);
    near(there, here, 3);
    const [drawn, wanted] = await onBoth((x) => sampleWithLogLikelihood(velocity, x).logLikelihood);
    near(drawn, wanted, 3);
    const { solution } = logLikelihood(velocity, noise(1));
    await checkSolution(solution);
  });

  it('chains', async () => {
    const [there, here] = await onBoth(
      (x) => sampleChain(odeStep(velocity), x, { steps: 4, key: random.key(1, { device: x.device?.name }) }).x,
    );
    near(there, here);
    const run = await runChain(odeStep(velocity), noise(0), { steps: 4, key: random.key(1) });
    near(await toHost(run.x), there);
  });

  it('tokens', async () => {
    const logits = (x: Tensor): Tensor => tensor([0, 1, -1e9]).broadcastTo([...x.shape, 3]);
    const x0 = maskSource(3).sample(random.key(0), [1, 200]);
    const { x } = sampleChain(discreteEuler(logits), x0, { steps: 4, key: random.key(1) });
    expect((await x.max().data())[0]).toBe(1);
  });

  it('steering, with every scheme, and parents drawn by the same key', async () => {
    for (const resampling of ['systematic', 'stratified', 'multinomial', 'residual'] as const) {
      const [there, here] = await onBoth((x) =>
        steer(glass(denoiser, { scheduler, prediction: 'data', steps: 2 }), x, {
          ...{ steps: 3, key: random.key(1, { device: x.device?.name }), resampling },
          reward: (y) => y.sum({ axis: -1 }),
        }),
      );
      expect(there.ancestry).toEqual(here.ancestry);
      near(there.x, here.x, 3);
    }
  });

  it('a scheduler of one’s own, whose start is not known by name', async () => {
    const own: Scheduler = { ...condOTScheduler(), name: 'mine', zeros: undefined };
    const { x } = sampleChain(glass(denoiser, { scheduler: own, prediction: 'data', steps: 2 }), noise(0), {
      steps: 2,
      key: random.key(0),
    });
    expect((await x.isFinite().all().data())[0]).toBe(1);
  });
});

describe('what answers with numbers', () => {
  it('is computed on the host', async () => {
    const [x, y] = [noise(2, [200, 1]), noise(3, [200, 1]).add(1)];
    const key = random.key(4);
    expect(Math.abs((await onHost(wasserstein1d)(x, y)) - 1)).toBeLessThan(0.2);
    expect(Math.abs((await onHost(slicedWasserstein)(x, y, { key })) - 1)).toBeLessThan(0.2);
    expect(Math.abs((await onHost(frechetDistance)(x, y)) - 1)).toBeLessThan(0.4);
    expect(await onHost(effectiveSampleSize)(x.mul(0).flatten())).toBeCloseTo(200);
    expect((await onHost(bestOfN)(x, x.squeeze(-1), 4)).x.shape).toEqual([50, 1]);
    expect(() => wasserstein1d(x, y)).toThrow('await toHost');
  });
});
