import { tensor } from '@flowfield/tensor-webgpu';
import { expect, it } from 'vitest';
import { activation, type activations, mlp, UnknownActivationError } from '../index.ts';

const X = [-3, -0.5, 0, 0.5, 3];
const softplus = (x: number): number => Math.log1p(Math.exp(x));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const closedForms: Record<keyof typeof activations, ((x: number) => number) | null> = {
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  // The normal distribution function has no closed form in JavaScript; the tanh form is within 5e-4 of it.
  gelu: null,
  geluTanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  identity: (x) => x,
  leakyRelu: (x) => (x > 0 ? x : 0.01 * x),
  mish: (x) => x * Math.tanh(softplus(x)),
  relu: (x) => Math.max(x, 0),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  sin: Math.sin,
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  tanh: Math.tanh,
};

it.each(Object.entries(closedForms))('%s has its formula', (name, formula) => {
  const got = activation(name as keyof typeof activations)(tensor(X, { dtype: 'f64' })).dataSync();
  const expected = formula ?? (closedForms.geluTanh as (x: number) => number);
  X.forEach((x, i) => {
    expect(Math.abs(got[i] - expected(x))).toBeLessThan(formula ? 1e-12 : 5e-4);
  });
});

it('sharpens softplus by beta, and nothing else', () => {
  const got = activation('softplus', { beta: 100 })(tensor([0.01], { dtype: 'f64' })).item();
  expect(got).toBeCloseTo(softplus(1) / 100, 12);
  expect(() => activation('relu', { beta: 2 })).toThrow(/beta belongs to 'softplus', got 'relu'/);
});

it('hands functions back, and names the nearest activation', () => {
  const square = activation((x) => x.square());
  expect(square(tensor([3])).item()).toBe(9);
  const wrong = (): unknown => mlp({ inputs: 1, hidden: [1], outputs: 1, activation: 'sillu' as never });
  expect(wrong).toThrow(UnknownActivationError);
  expect(wrong).toThrow(/Did you mean 'silu'\?/);
  expect(() => activation('constructor' as never)).toThrow(UnknownActivationError);
});
