import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';

type Params = readonly { readonly weight: Tensor; readonly bias: Tensor }[];

const WIDTHS = [3, 64, 64, 1];
const BATCH = 256;

const params: Params = WIDTHS.slice(1).map((width, i) => ({
  weight: ff.random.normal(ff.random.key(i), [WIDTHS[i], width]),
  bias: ff.zeros([width]),
}));

const network = (layers: Params, x: Tensor): Tensor =>
  layers.reduce((h, { weight, bias }, i) => {
    const linear = h.matmul(weight).add(bias);
    return i < layers.length - 1 ? ff.softplus(linear, 100) : linear;
  }, x);

function eikonal(layers: Params, points: Tensor): Tensor {
  const gradients = ff.vmap(ff.grad((x: Tensor) => network(layers, x).sum()))(points) as Tensor;
  return gradients.norm({ axis: 1 }).sub(1).pow(2).mean();
}

function step(layers: Params, points: Tensor): [Params, Tensor] {
  const [loss, gradient] = ff.valueAndGrad(eikonal)(layers, points);
  const updated = ff.tree.map((p: Tensor, g: Tensor) => p.sub(g.mul(1e-3)), layers, gradient);
  return [updated as unknown as Params, loss];
}

describe('explain of an eikonal training step of a 3-64-64-1 network', () => {
  ff.defaultDevice('cpu');
  const explanation = ff.explain(step, { donate: [0] })(params, ff.random.normal(ff.random.key(9), [BATCH, 3]));

  it('prints as its text on a console', () => {
    expect(inspect(explanation)).toBe(`${explanation}`);
    expect(inspect(explanation)).toContain(`${explanation.kernels.length} kernels`);
  });

  it('shows a program without common subexpressions', () => {
    const right = explanation.program.split('\n').flatMap((line) => line.split(' = ').slice(1));
    expect(right.length).toBeGreaterThan(30);
    expect(new Set(right).size).toBe(right.length);
    // Forward, gradient and their derivatives: no product is computed twice.
    expect(right.filter((line) => line.startsWith('dotGeneral')).length).toBeLessThanOrEqual(12);
  });

  it('has at most 20 kernels, with their work', () => {
    expect(explanation.kernels.length).toBeLessThanOrEqual(20);
    const products = 2 * BATCH * (3 * 64 + 64 * 64);
    expect(explanation.flops).toBeGreaterThan(4 * products);
    expect(explanation.flops).toBeLessThan(10 * products);
  });

  it('keeps its temporaries in a small arena', () => {
    const activation = BATCH * 64 * 4;
    expect(explanation.arenaBytes).toBeGreaterThan(activation);
    expect(explanation.arenaBytes).toBeLessThan(16 * activation);
  });

  it('prints all of that for people', () => {
    const text = String(explanation);
    expect(text).toContain(`${explanation.kernels.length} kernels, `);
    expect(text).toMatch(/arena [\d.]+ kB, code [\d.]+ kB/);
    for (const { label } of explanation.kernels) expect(text).toContain(label);
  });
});

describe('explain of what is called as a whole', () => {
  const matrices = ff.tile(ff.eye(3), [4, 1, 1]);

  it('a routine of the device is no call of the host', () => {
    const explanation = ff.explain((x: Tensor) => [ff.sort(x), ff.linalg.eigh(x), ff.cumsum(x)])(matrices);
    expect(explanation.kernels.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['routine']));
    expect(explanation.kernels.filter(({ kind }) => kind === 'host')).toEqual([]);
    expect(`${explanation}`).not.toContain('host');
  });

  it('what the host computes is marked, with what it copies', () => {
    // First derivatives of functions of matrices are compiled, second ones are not.
    const along = (f: (x: Tensor) => Tensor) => (x: Tensor) => ff.jvp(f, [x], [matrices])[1] as Tensor;
    const explanation = ff.explain((x: Tensor) => along(along(ff.linalg.sqrtm))(x).add(1))(matrices);
    const hosted = explanation.kernels.filter(({ kind }) => kind === 'host');
    expect(hosted.map(({ label }) => label)).toEqual(['symmetricFunction']);
    expect(`${explanation}`).toContain('Computed by the host, in JavaScript and on one thread: symmetricFunction.');
    expect(`${explanation}`).toContain(`copies ${hosted[0].bytes} B`);
  });
});
