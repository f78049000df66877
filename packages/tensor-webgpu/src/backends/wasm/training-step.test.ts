import { describe, expect, it } from 'vitest';
import '../../rewrites/index.ts';
import type { lax } from '../../primitives/lax.ts';
import type { Aval } from '../../program/aval.ts';
import type { Program } from '../../program/program.ts';
import type { Value } from '../../program/value.ts';
import { grad, valueAndGrad } from '../../transforms/index.ts';
import '../../tensor/methods.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkProgram, device, f32, programOf } from './testing/against-reference.ts';

const [BATCH, WIDTH] = [256, 64];
const shapes: Aval[] = [f32(3, WIDTH), f32(WIDTH), f32(WIDTH, WIDTH), f32(WIDTH), f32(WIDTH, 1), f32(1), f32(BATCH, 3)];

/** One descent step of loss = mean((|∇f| - 1)²) for a softplus network 3-64-64-1: all weight gradients and the update. */
function eikonalStep(): Program {
  return programOf(shapes, (l, ...inputs) => {
    const params = inputs.slice(0, 6);
    const layer = (x: Value, w: Value, b: Value): Value =>
      l.add(
        l.dotGeneral(x, w, { contract: [[1], [0]], batch: [[], []] }),
        l.broadcastInDim(b, [BATCH, w.shape[1]], [1]),
      );
    const field = (x: Value, [w1, b1, w2, b2, w3, b3]: readonly Value[]): Value =>
      l.reduceSum(layer(l.softplus(layer(l.softplus(layer(x, w1, b1)), w2, b2)), w3, b3), [0, 1]);
    const loss = (weights: Tensor[], x: Tensor): Tensor => {
      const slope = grad((y: Tensor) => field(y, weights) as Tensor)(x);
      const excess = l.sub(l.sqrt(l.reduceSum(l.mul(slope, slope), [1])), 1);
      return l.mul(l.reduceSum(l.mul(excess, excess), [0]), 1 / BATCH) as Tensor;
    };
    const [value, gradient] = valueAndGrad(loss)(params as Tensor[], inputs[6] as Tensor);
    return [value, ...params.map((param, i) => l.sub(param, l.mul((gradient as Value[])[i], 0.01)))];
  });
}

describe('an eikonal training step', () => {
  const program = eikonalStep();
  it('computes what the reference computes', () => checkProgram(program, 1e-4));
  it('takes at most 20 kernels and overwrites donated parameters', () => {
    const donate = shapes.map((_, i) => i < 6);
    const executable = device.compile(program, { donate });
    expect(executable.report.kernels.length).toBeLessThanOrEqual(20);
    checkProgram(program, 1e-4, undefined, donate);
    // Activations and their derivatives share memory: the arena holds fewer than the program's values.
    const values = program.eqns
      .flatMap((eqn) => eqn.outputs)
      .reduce((sum, v) => sum + 4 * v.shape.reduce((a, b) => a * b, 1), 0);
    expect(executable.report.arenaBytes).toBeLessThan(values / 2);
  });
});

describe('sums', () => {
  it('of a million terms lose no more than a few units in the last place', () => {
    const size = 1_000_003;
    const data = new Float32Array(size).fill(0.1);
    const program = programOf([f32(size)], (l: typeof lax, x) => [
      l.reduceSum(x, [0]),
      l.reduceSum(l.reshape(x, [size, 1]), [0]),
    ]);
    const input = device.put(data, 'f32');
    const outputs = device.compile(program).run([input]);
    const exact = size * Math.fround(0.1);
    for (const storage of outputs) {
      expect(Math.abs(device.readSync!(storage)[0] - exact) / exact).toBeLessThan(1e-5);
      storage.dispose();
    }
    input.dispose();
  });
});
