import * as ff from '@flowfield/tensor-webgpu';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adafactor,
  adam,
  adamW,
  applyUpdates,
  chain,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByValue,
  cosineSchedule,
  type GradientTransform,
  globalNorm,
  lbfgs,
  lion,
  type OptimizerState,
  rmsProp,
  sgd,
} from '../index.ts';

type Params = { a: Tensor; b: Tensor };

/** Five steps on Σ c p² / 2 by Optax 0.2.8 in float64, from the same start. */
const optax: [name: string, optimizer: GradientTransform, expected: number[]][] = [
  ['sgd', sgd({ learningRate: 0.1 }), [0.5904900000000001, -0.15552, 0.44054784667968744, 0.98304, -0.7737809375]],
  [
    'momentum',
    sgd({ learningRate: 0.1, momentum: 0.9 }),
    [-0.029159999999999964, 1.458, 0.34518933105468746, -1.74126, -0.4171559374999999],
  ],
  [
    'nesterov',
    sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    [-0.10458168390000006, 0.3302716032, 0.31015776153032226, -1.2471527424, -0.31594230506562493],
  ],
  [
    'adam',
    adam({ learningRate: 0.1 }),
    [0.507963661927221, -1.502955780646025, 0.027814487491550882, 2.501779456227287, -0.5079636672529784],
  ],
  [
    'adam with other betas',
    adam({ learningRate: 0.05, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }),
    [0.7561751403891946, -1.7528082385855688, 0.26548350956682143, 2.7518542116811706, -0.756425315401002],
  ],
  [
    'adamW',
    adamW({ learningRate: 0.1, weightDecay: 0.1 }),
    [0.46995265961880694, -1.4155664793043066, 0.0153303947006104, 2.3652785732416906, -0.46995266487200543],
  ],
  [
    'clipped',
    chain(clipByGlobalNorm(1), sgd({ learningRate: 0.1 })),
    [0.9479074997848074, -1.6090151746938586, 0.49338371791490415, 2.6940228752664535, -0.9736752428196956],
  ],
  [
    'adam with epsilonRoot',
    adam({ learningRate: 0.1, epsilonRoot: 1e-3 }),
    [0.5082607488495745, -1.502960056156265, 0.047091834518164885, 2.501786834446972, -0.5091482912085435],
  ],
  [
    'nadam',
    adam({ learningRate: 0.1, nesterov: true }),
    [0.452904060841798, -1.4347993682523796, 0.007768047764260239, 2.42986094036294, -0.45290406658148463],
  ],
  [
    'rmsProp',
    rmsProp({ learningRate: 0.1 }),
    [0.19979517254747126, -1.0489273019670744, 0.0021747198059980898, 2.006703815608789, -0.1997952293319391],
  ],
  [
    'rmsProp with epsilon outside the root',
    rmsProp({ learningRate: 0.1, decay: 0.99, epsilon: 1e-8, epsilonRoot: 0 }),
    [1.569354187247498e-15, -0.0983101011017226, -0.01034576772947559, 0.6025132868040044, -3.1385760360168683e-15],
  ],
  [
    'rmsProp, centered, with Nesterov momentum',
    rmsProp({ learningRate: 0.01, centered: true, momentum: 0.9, nesterov: true }),
    [0.5898493805080853, -1.5773623437765067, 0.11954945090231665, 2.573537470163296, -0.5898494267099077],
  ],
  [
    'lion',
    lion({ learningRate: 0.1 }),
    [0.49960008999050054, -1.499100189980501, -0.00014996000449975233, 2.498600289970502, -0.49960008999050054],
  ],
  [
    'lion with other numbers',
    lion({ learningRate: 0.1, beta1: 0.8, beta2: 0.9, weightDecay: 0.1 }),
    [0.46089054890000003, -1.4118805987999998, -0.014604476049999995, 2.3628706487, -0.46089054890000003],
  ],
  [
    'lbfgs',
    lbfgs({ learningRate: 0.5, memory: 3 }),
    [0.2162400112840685, -0.07284260939574894, 0.3487864050675938, 0.16802579327262154, -0.47809706910771216],
  ],
  [
    'accumulate',
    accumulate(adam({ learningRate: 0.1 }), { every: 2 }),
    [0.8004122297841358, -1.8001664858874915, 0.30118743617966026, 2.8001027073581346, -0.8004122318281165],
  ],
  [
    'clipped by the norms of leaves',
    chain(clipByBlockRms(1), sgd({ learningRate: 0.1 })),
    [0.8746724136587755, -1.1433647017948771, 0.4837042771470075, 2.295754295180461, -0.9365520973925744],
  ],
  [
    'clipped by value',
    chain(clipByValue(1), sgd({ learningRate: 0.1 })),
    [0.5904900000000001, -1.4999999999999996, 0.44054784667968744, 2.4999999999999996, -0.7737809375],
  ],
  [
    'adafactor',
    adafactor({ learningRate: 0.1 }),
    [0.4985669350455246, -1.464999157560483, 0.08270385174975879, 2.104870617486281, -0.24870119407804803],
  ],
  [
    'adafactor with every part',
    adafactor({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, clip: 0.5, relative: false }),
    [0.8861214995526877, -1.8369112276217296, 0.41103697147320806, 2.788038754020325, -0.8863226550380346],
  ],
  [
    'scheduled',
    sgd({ learningRate: cosineSchedule({ initial: 0.1, steps: 4 }) }),
    [0.77056875, -0.5952, 0.46940870361328124, 1.7388, -0.8802269531249999],
  ],
];

describe.each(ff.devices())('optimizers on %s', (device) => {
  const made = (data: ff.TensorLike, dtype: 'f32' | 'f64' = 'f64'): Tensor => tensor(data, { dtype, device });
  const start = (dtype?: 'f32' | 'f64'): Params => ({ a: made([1, -2, 0.5], dtype), b: made([[3], [-1]], dtype) });
  const curvature = (dtype?: 'f32' | 'f64'): Params => ({
    a: made([1, 4, 0.25], dtype),
    b: made([[2], [0.5]], dtype),
  });

  function stepper(optimizer: GradientTransform, dtype?: 'f32' | 'f64') {
    const c = curvature(dtype);
    const loss = (p: Params): Tensor => p.a.square().mul(c.a).sum().add(p.b.square().mul(c.b).sum()).mul(0.5);
    return (params: Params, state: OptimizerState): [Params, OptimizerState] => {
      const [updates, next] = optimizer.update(ff.grad(loss)(params) as Params, state, params);
      return [applyUpdates(params, updates), next];
    };
  }
  const numbers = (params: Params): number[] => [...params.a.dataSync(), ...params.b.dataSync()];

  it.each(optax)('%s follows Optax, eager and jitted with donation', (name, optimizer, expected) => {
    const step = stepper(optimizer);
    const jitted = ff.jit(step, { donate: [0, 1] });
    let eager: [Params, OptimizerState] = [start(), optimizer.init(start())];
    let compiled: [Params, OptimizerState] = [start(), optimizer.init(start())];
    for (let i = 0; i < 5; i++) {
      eager = step(...eager);
      compiled = jitted(...compiled);
    }
    // A schedule is an f32 number; so are the decay of adafactor and the count of accumulated gradients in Optax.
    const digits = /^(scheduled|adafactor|accumulate)/.test(name) ? 7 : 12;
    expected.forEach((value, i) => {
      expect(numbers(eager[0])[i]).toBeCloseTo(value, digits);
      expect(numbers(compiled[0])[i]).toBeCloseTo(value, digits);
    });
  });

  it('keeps the dtypes of parameters', () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const optimizer = chain(clipByGlobalNorm(1), adamW({ learningRate: cosineSchedule({ initial: 0.1, steps: 4 }) }));
      const [params, state] = stepper(optimizer, dtype)(start(dtype), optimizer.init(start(dtype)));
      expect(params.a.dtype).toBe(dtype);
      expect(
        (ff.tree.leaves as (state: unknown) => Tensor[])(state)
          .map((leaf) => leaf.dtype)
          .filter((t) => t !== 'i32'),
      ).toEqual(Array(4).fill(dtype));
    }
  });

  it('clips to the norm, and leaves smaller gradients as they are', () => {
    const grads = { a: made([3, 0, 0]), b: made([[0], [4]]) };
    expect(globalNorm(grads).item()).toBeCloseTo(5, 14);
    const [clipped] = clipByGlobalNorm(2).update(grads, null, grads);
    expect(globalNorm(clipped).item()).toBeCloseTo(2, 14);
    expect(numbers(clipped)[0]).toBeCloseTo(1.2, 14);
    const [kept] = clipByGlobalNorm(5.5).update(grads, null, grads);
    expect(numbers(kept)).toEqual(numbers(grads));
  });

  it('decays only the parameters that it is told to', () => {
    const params = start();
    const zero = ff.tree.map((leaf) => leaf.mul(0), params) as Params;
    const optimizer = adamW({ learningRate: 0.5, weightDecay: 0.1, decays: (path) => path === 'b' });
    const [updates] = optimizer.update(zero, optimizer.init(params), params);
    expect(numbers(updates)).toEqual([0, 0, 0, -0.15000000000000002, 0.05].map((x) => expect.closeTo(x, 14)));
  });
});

it('names options outside their range', () => {
  expect(() => adam({ learningRate: -1 })).toThrow(/learningRate must be a finite number of at least 0.*got -1/);
  expect(() => adam({ learningRate: 0.1, beta2: 1 })).toThrow(/beta2 must lie in \[0, 1\), got 1/);
  expect(() => sgd({ learningRate: 0.1, momentum: 1 })).toThrow(/decay must lie in \[0, 1\), got 1/);
  expect(() => clipByGlobalNorm(0)).toThrow(/maxNorm must be positive, got 0/);
  expect(() => adamW({ learningRate: 0.1, weightDecay: Number.NaN })).toThrow(/weightDecay.*got NaN/);
  expect(() => globalNorm({})).toThrow(ff.ArgumentError);
});

it('names gradients and states that do not fit', () => {
  const params = { w: tensor([1, 2, 3]), b: tensor([1]) };
  const short = { w: tensor([1]), b: tensor([1]) };
  expect(() => applyUpdates({ b: tensor([1]) }, { b: tensor([1, 2]) })).toThrow(
    /of one shape at 'b', got \[1\] and \[2\]/,
  );
  const makers = [
    adam({ learningRate: 1 }),
    sgd({ learningRate: 1, momentum: 0.9 }),
    rmsProp({ learningRate: 1 }),
    lion({ learningRate: 1 }),
    accumulate(sgd({ learningRate: 1 }), { every: 2 }),
  ];
  for (const optimizer of makers) {
    expect(() => optimizer.update(short, optimizer.init(params), params)).toThrow(
      /one shape at 'w', got \[3\] and \[1\]/,
    );
    expect(() => optimizer.update(params, null, params)).toThrow(ff.ArgumentError);
    expect(() => optimizer.update(params, [{}, {}, {}], params)).toThrow(ff.ArgumentError);
  }
  const bad = { init: () => null, update: () => undefined as never };
  expect(() => chain(bad).update(params, [null], params)).toThrow(/expected \[updates, state\] from update/);
  expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow(/nesterov needs momentum, got none/);
  expect(() => rmsProp({ learningRate: 1, nesterov: true })).toThrow(/nesterov needs momentum, got none/);
  for (const schedule of [() => 'fast', () => undefined, () => Number.NaN]) {
    const optimizer = sgd({ learningRate: schedule as never });
    expect(() => optimizer.update(params, optimizer.init(params), params)).toThrow(
      /expected a scalar tensor or a finite number/,
    );
  }
  const vector = sgd({ learningRate: () => tensor([1, 2]) });
  expect(() => vector.update(params, vector.init(params), params)).toThrow(/expected a scalar, got shape \[2\]/);
});
