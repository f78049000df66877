import type { TensorMethods } from '../tensor/methods.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { functions } from './functions.ts';

type Methods = TensorMethods<Tensor>;

/** The functions behind the methods: what the interface promises of a method its function keeps. */
type Behind = {
  readonly [Name in keyof Methods]: (x: TensorLike, ...rest: Parameters<Methods[Name]>) => ReturnType<Methods[Name]>;
};

/** Gives a class of tensors its methods: each is the function of its name with the tensor as the first argument. */
export function attachMethods(prototype: object): void {
  const behind: Behind = functions;
  for (const [name, found] of Object.entries(behind as Readonly<Record<string, unknown>>)) {
    const apply = found as (x: unknown, ...rest: unknown[]) => unknown;
    const method = {
      [name](this: Tensor, ...rest: unknown[]): unknown {
        return apply(this, ...rest);
      },
    }[name];
    Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true });
  }
}
