import { symmetricFunctionRoutine } from '../../backends/wasm/routines/symmetric-function.ts';
import type { DType } from '../../dtype/dtype.ts';
import { ShapeError } from '../../errors/errors.ts';
import type { Primitive } from '../../program/program.ts';
import { refArray, refData } from '../../program/refArray.ts';
import type { Tangent, Value } from '../../program/value.ts';
import { matrixStack } from '../../shape/matrixStack.ts';
import { sameShape, showShape } from '../../shape/shape.ts';
import { bind } from '../../trace/bind.ts';
import { repeatFirst } from '../elementwise.ts';
import { checkMatrices, epsilonOf } from './matrix.ts';
import { dividedDifference, type ScalarFunction, valueOf } from './scalarFunction.ts';
import { symmetricEigen, symmetricPartAt } from './symmetricEigen.ts';

interface SymmetricFunctionParams {
  readonly f: ScalarFunction;
}

/**
 * `f(A) = V diag(f(w)) Vᵀ` of the symmetric part `V diag(w) Vᵀ` of each of a stack of matrices; with k further
 * operands E₁ … E_k of the same shape, its k-th derivative along them, in the basis V:
 * `Σ_σ Σ f[w_a, w_i, …, w_b] (E_σ1)_ai … (E_σk)_jb`, the inner sum over k - 1 indices, f[…] divided differences
 * (Daleckii and Krein; Higham, "Functions of Matrices", 2008, theorem 3.11 for k = 1; Bhatia, "Matrix Analysis", 1997, V.3).
 *
 * The derivative in A adds a direction, and in a direction it is the same function, which is its own transpose:
 * so every order is exact, at repeated eigenvalues too. Work grows as n^(k+1). NaN for a matrix at which f or the
 * derivative has no value.
 */
export const symmetricFunctionPrimitive: Primitive = {
  name: 'symmetricFunction',
  kind: 'opaque',
  lowering: { as: 'call', code: [symmetricFunctionRoutine] },
  shape(inputs) {
    const [a] = inputs;
    checkMatrices('symmetricFunction', a, 'square');
    for (const direction of inputs.slice(1)) {
      if (!sameShape(direction.shape, a.shape))
        throw new ShapeError(
          `symmetricFunction: a direction of shape ${showShape(direction.shape)} does not fit matrices of shape ${showShape(a.shape)}.`,
        );
    }
    return [{ shape: a.shape, dtype: a.dtype }];
  },
  jvp(lax, inputs, tangents, params: SymmetricFunctionParams) {
    const along = inputs.flatMap((_, i): Value[] => {
      const tangent = tangents[i];
      if (!tangent) return [];
      const moved = i === 0 ? [...inputs, tangent] : inputs.map((input, j) => (j === i ? tangent : input));
      return bind(symmetricFunctionPrimitive, moved, params);
    });
    const total = along.reduce<Tangent>((sum, part) => (sum ? lax.add(sum, part) : part), null);
    return { outputs: bind(symmetricFunctionPrimitive, inputs, params), tangents: [total] };
  },
  transpose(_lax, [cotangent], inputs, linear, params: SymmetricFunctionParams) {
    if (!cotangent) return inputs.map(() => null);
    const swapped = inputs.map((input, i) => (linear[i] ? cotangent : (input as Value)));
    const [back] = bind(symmetricFunctionPrimitive, swapped, params);
    return linear.map((is) => (is ? back : null));
  },
  batch(lax, size, inputs, batched, params: SymmetricFunctionParams) {
    const full = inputs.map((input, i) => (batched[i] ? input : repeatFirst(lax, input, size)));
    return { outputs: bind(symmetricFunctionPrimitive, full, params), batched: [true] };
  },
  evaluate(inputs, { f }: SymmetricFunctionParams, [output]) {
    const { count, rows: n } = matrixStack(output);
    const out = refData(output.dtype, count * n * n);
    for (let b = 0; b < count; b++) {
      const [matrix, ...directions] = inputs.map((input) => symmetricPartAt(input.data, b, n));
      const { values, vectors } = symmetricEigen(matrix, n);
      if (outsideDomain(f, values, directions.length, output.dtype) !== null) {
        out.fill(Number.NaN, b * n * n, (b + 1) * n * n);
        continue;
      }
      // Eigenvalues of powers that are negative by rounding alone become 0.
      if (f.kind === 'power') for (let i = 0; i < n; i++) values[i] = Math.max(values[i], 0);
      const inBasis = directions.map((direction) => sandwich(vectors, direction, n, false));
      out.set(sandwich(vectors, derivativeInBasis(f, values, inBasis, n), n, true), b * n * n);
    }
    return [refArray(output.shape, output.dtype, out)];
  },
};

/** The least eigenvalue where f or its derivative of an order has no value there; `null` where it has. */
export function outsideDomain(f: ScalarFunction, values: Float64Array, order: number, dtype: DType): number | null {
  const [least] = values;
  if (Number.isNaN(least)) return least;
  if (f.kind === 'exp' || values.length === 0 || least > 0) return null;
  const rounding = 8 * values.length * epsilonOf(dtype) * Math.abs(values[values.length - 1]);
  return f.kind === 'log' || order > 0 || f.exponent < 0 || least < -rounding ? least : null;
}

/** `R M Rᵀ` for orthonormal rows R, or `Rᵀ M R` when `back`. */
function sandwich(rows: Float64Array, middle: Float64Array, n: number, back: boolean): Float64Array {
  const [down, right] = back ? [1, n] : [n, 1];
  const half = new Float64Array(n * n);
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = rows[i * down + k * right];
      for (let j = 0; j < n; j++) half[i * n + j] += factor * middle[k * n + j];
    }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += half[i * n + k] * rows[j * down + k * right];
      result[i * n + j] = sum;
    }
  return result;
}

/** The derivative along symmetric directions, all in the basis of eigenvectors. */
function derivativeInBasis(
  f: ScalarFunction,
  values: Float64Array,
  directions: readonly Float64Array[],
  n: number,
): Float64Array {
  const result = new Float64Array(n * n);
  const order = directions.length;
  if (order === 0) {
    for (let i = 0; i < n; i++) result[i * n + i] = valueOf(f, values[i]);
    return result;
  }
  const nodes = new Array<number>(order + 1).fill(0);
  const sorted = new Float64Array(order + 1);
  const middles = n ** (order - 1);
  for (let a = 0; a < n; a++)
    for (let b = a; b < n; b++) {
      nodes[0] = a;
      nodes[order] = b;
      let sum = 0;
      for (let middle = 0; middle < middles; middle++) {
        for (let place = 1, rest = middle; place < order; place++, rest = Math.floor(rest / n)) nodes[place] = rest % n;
        const paths = sumOfPaths(directions, nodes, 0, n);
        if (paths === 0) continue;
        sortedNodes(values, nodes, sorted);
        sum += paths * dividedDifference(f, sorted);
      }
      result[a * n + b] = sum;
      result[b * n + a] = sum;
    }
  return result;
}

/** The eigenvalues of the given indices, ascending. */
function sortedNodes(values: Float64Array, indices: readonly number[], sorted: Float64Array): void {
  for (let i = 0; i < indices.length; i++) {
    const value = values[indices[i]];
    let place = i;
    for (; place > 0 && sorted[place - 1] > value; place--) sorted[place] = sorted[place - 1];
    sorted[place] = value;
  }
}

/** The products of elements along a path of indices, summed over the orders in which the directions are met. */
function sumOfPaths(directions: readonly Float64Array[], path: readonly number[], at: number, n: number): number {
  const place = path[at] * n + path[at + 1];
  if (directions.length === 1) return directions[0][place];
  return directions.reduce((sum, direction, i) => {
    const others = directions.filter((_, j) => j !== i);
    return sum + direction[place] * sumOfPaths(others, path, at + 1, n);
  }, 0);
}

export const symmetricFunction = (a: Value, f: ScalarFunction): Value =>
  bind(symmetricFunctionPrimitive, [a], { f })[0];
