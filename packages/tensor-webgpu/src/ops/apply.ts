import type { Value } from '../program/value.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { type Domain, elementwiseOperands } from './operands.ts';

/** A function of one tensor, element by element; `domain` says into which dtypes the operand is brought first. */
export const unary =
  (name: string, domain: Domain, apply: (x: Tensor) => Value) =>
  (x: TensorLike): Tensor =>
    composite(name, () => apply(elementwiseOperands(name, [x], domain)[0]));

/** A function of two tensors, element by element, after promotion and broadcasting. */
export const binary =
  (name: string, domain: Domain, apply: (x: Tensor, y: Tensor) => Value) =>
  (x: TensorLike, y: TensorLike): Tensor =>
    composite(name, () => {
      const [a, b] = elementwiseOperands(name, [x, y], domain);
      return apply(a, b);
    });
