import { customJvp, type Tensor, where } from '@flowfield/tensor-webgpu';

/**
 * √x of a value that is never negative, whose derivative at 0 is 0 instead of infinite: a sum of squares that is 0 came from
 * zeros, and there the derivative of what is divided by the root is the one that matters.
 */
export const root = (x: Tensor): Tensor => rule(x);

const rule = /* @__PURE__ */ customJvp(
  (x: Tensor): Tensor => x.sqrt(),
  ([x], [tangent]): [Tensor, Tensor] => {
    const value = root(x);
    const isZero = value.equal(0);
    // The root itself is traced again in the rule, so that derivatives of higher order meet the rule too.
    return [value, where(isZero, 0, tangent.mul(0.5).div(where(isZero, 1, value)))];
  },
);
