import { expect, expectTypeOf, test } from 'vitest';
import {
  checkpoint,
  grad,
  hessian,
  jacfwd,
  jacrev,
  jit,
  linalg,
  ones,
  type Tensor,
  type TensorLike,
  tensor,
  valueAndGrad,
  vmap,
} from '../index.ts';

type Params = { w: Tensor; layers: Tensor[] };
const loss = (p: Params, x: Tensor): Tensor => x.mul(p.w).sum().add(p.layers[0].sum());

test('a gradient has the type of its argument', () => {
  expectTypeOf(grad(loss)).toEqualTypeOf<(p: Params, x: Tensor) => Params>();
  expectTypeOf(grad(loss, { argnums: 1 })).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(grad(loss, { argnums: [1, 0] })).returns.toEqualTypeOf<[Tensor, Params]>();
  expectTypeOf(valueAndGrad(loss)).returns.toEqualTypeOf<[value: Tensor, gradient: Params]>();
  const withAux = (p: Params): [Tensor, { seen: number }] => [p.w.sum(), { seen: 1 }];
  expectTypeOf(grad(withAux, { hasAux: true })).returns.toEqualTypeOf<
    [gradient: Params, auxiliary: { seen: number }]
  >();
  expectTypeOf(valueAndGrad(withAux, { hasAux: true })).returns.toEqualTypeOf<
    [value: [Tensor, { seen: number }], gradient: Params]
  >();
  expectTypeOf(grad((x: TensorLike) => linalg.det(x))).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(grad((x?: Tensor) => x?.sum())).returns.toEqualTypeOf<Tensor>();
  const position: number = 0;
  expectTypeOf(grad(loss, { argnums: position })).returns.toBeAny();
});

test('parameters without a type are tensors', () => {
  const cubed = (x: Tensor) => x.pow(3).sum();
  expectTypeOf(grad((x) => x.square().sum())).toEqualTypeOf<(x: Tensor) => Tensor>();
  expectTypeOf(jit((x, y) => x.add(y))).toEqualTypeOf<(x: Tensor, y: Tensor) => Tensor>();
  expectTypeOf(vmap((x) => x.sum())).toEqualTypeOf<(x: Tensor) => Tensor>();
  expectTypeOf(checkpoint((x) => x.sum())).toEqualTypeOf<(x: Tensor) => Tensor>();
  expect(grad((x) => grad(cubed)(x).sum())(tensor([1, 2])).toArray(1)).toEqual([6, 12]);
});

test('jacobians are trees of the result, of trees of the argument', () => {
  const field = (p: Params): { a: Tensor; b: [Tensor] } => ({ a: p.w, b: [p.w] });
  expectTypeOf(jacfwd(field)).returns.toEqualTypeOf<{ a: Params; b: [Params] }>();
  expectTypeOf(jacrev((x: Tensor) => x.mul(2))).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(hessian((x) => x.square().sum())).returns.toEqualTypeOf<Tensor>();
  expectTypeOf(hessian((p: { a: Tensor; b: Tensor }) => p.a.mul(p.b).sum())).returns.toEqualTypeOf<{
    a: { a: Tensor; b: Tensor };
    b: { a: Tensor; b: Tensor };
  }>();
  expect(hessian((x) => x.square().sum())(ones([2])).toArray(2)).toEqual([
    [2, 0],
    [0, 2],
  ]);
});

test('jit keeps the type of its function, type parameters and options included', () => {
  const pick = <T extends Tensor | Params>(x: T, times?: number): T => (times === 0 ? x : x);
  const kept = jit(pick, { staticArgnums: [1] });
  expectTypeOf(kept(ones([1]))).toEqualTypeOf<Tensor>();
  expectTypeOf(kept({ w: ones([1]), layers: [] }, 2)).toEqualTypeOf<{ w: Tensor; layers: never[] }>();
  expectTypeOf(jit(loss)).toEqualTypeOf<typeof loss>();
});
