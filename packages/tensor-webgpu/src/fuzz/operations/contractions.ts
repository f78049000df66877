import { sizeOf } from '../../shape/shape.ts';
import { type Named, type Operation, on, type Scope } from '../scope.ts';

/** A float matrix, or stack of matrices, small enough to decompose. */
const smallMatrix = (scope: Scope): Named | null =>
  scope.value(
    (x) =>
      (x.dtype === 'f32' || x.dtype === 'f64') &&
      x.shape.length >= 2 &&
      x.shape.slice(-2).every((extent) => extent >= 1 && extent <= 8) &&
      sizeOf(x.shape) <= 200,
  );
const floatWide = (scope: Scope): Named | null => scope.wide(1);

/** A float tensor with an extent that x has too. */
const sharing = (scope: Scope, x: Named, extent: number): Named =>
  scope.value(
    (y) =>
      y.dtype === x.dtype &&
      y.shape.includes(extent) &&
      (sizeOf(x.shape) * sizeOf(y.shape)) / Math.max(1, extent) ** 2 < 2500,
  ) ?? x;

/** The well-conditioned square matrix m + mᵀ of unit scale plus 4 times the identity, from any matrices x. */
const positive = (x: Named): { text: string; n: number } => {
  const n = x.shape[x.shape.length - 1];
  return {
    text: `matmul(matrixTranspose(tanh(${x.name})), tanh(${x.name})).mul(0.2).add(eye(${n}, ${n}, { dtype: '${x.dtype}' }))`,
    n,
  };
};

export const contractionOperations: Readonly<Record<string, Operation>> = {
  matmul: on(floatWide, (x, scope) => {
    const inner = x.shape[x.shape.length - 1];
    const y = scope.value(
      (z) =>
        z.dtype === x.dtype &&
        z.shape.length >= 1 &&
        z.shape.length <= 2 &&
        (z.shape.length === 1 ? z.shape[0] : z.shape[0]) === inner,
    );
    return y
      ? { text: `matmul(${x.name}, ${y.name})`, bound: x.bound * y.bound * inner }
      : {
          text: `matmul(${x.name.length > 0 && x.shape.length >= 2 ? `matrixTranspose(${x.name})` : x.name}, ${x.name})`,
          bound: x.bound ** 2 * (sizeOf(x.shape) + 1),
        };
  }),
  tensordot: on(floatWide, (x, scope) => {
    const axis = scope.axis(x);
    const y = sharing(scope, x, x.shape[axis]);
    const other = y.shape.indexOf(x.shape[axis]);
    return (sizeOf(x.shape) * sizeOf(y.shape)) / Math.max(1, x.shape[axis]) ** 2 > 2500
      ? null
      : {
          text: `tensordot(${x.name}, ${y.name}, [[${axis}], [${other}]])`,
          bound: x.bound * y.bound * (x.shape[axis] + 1),
        };
  }),
  batched: on(
    (scope) => scope.value((x) => (x.dtype === 'f32' || x.dtype === 'f64') && x.shape.length === 3),
    (x, scope) => {
      const y = scope.value((z) => z.dtype === x.dtype && z.shape.join() === x.shape.join()) ?? x;
      const equation = scope.of(['bij,bkj->bik', 'bij,bij->b', 'bij,bij->ij', 'bij,bik->bjk', 'bij,ckj->bcik']);
      return sizeOf(x.shape) > 250
        ? null
        : { text: `einsum('${equation}', ${x.name}, ${y.name})`, bound: x.bound * y.bound * sizeOf(x.shape) };
    },
  ),
  outer: on(floatWide, (x, scope) => {
    const y = scope.value((z) => z.dtype === x.dtype && sizeOf(z.shape) <= 20) ?? x;
    return sizeOf(x.shape) * sizeOf(y.shape) > 800
      ? null
      : { text: `outer(${x.name}, ${y.name})`, bound: x.bound * y.bound };
  }),
  cholesky: on(smallMatrix, (x) => ({ text: `linalg.cholesky(${positive(x).text})`, bound: 4 })),
  solve: on(smallMatrix, (x, scope) => {
    const { text, n } = positive(x);
    return {
      text: scope.of([
        `linalg.solve(${text}, ones([${n}], { dtype: '${x.dtype}' }))`,
        `linalg.inv(${text})`,
        `linalg.det(${text})`,
        `linalg.slogdet(${text}).logabsdet`,
        `linalg.triangularSolve(tril(${text}), matrixTranspose(${x.name}))`,
      ]),
      bound: 20,
    };
  }),
  spectra: on(smallMatrix, (x, scope) => ({
    text: scope.of([
      `linalg.eigh(${positive(x).text}).eigenvalues`,
      `linalg.svd(${x.name}).s`,
      `linalg.expm(${positive(x).text}.mul(0.3))`,
      `abs(linalg.qr(${positive(x).text}).r)`,
    ]),
    bound: 20,
  })),
};
