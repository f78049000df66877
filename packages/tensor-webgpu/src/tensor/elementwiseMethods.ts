import * as ops from '../ops/index.ts';
import type { AxisOption, TensorLike } from '../ops/types.ts';
import { LogicMethods } from './logicMethods.ts';
import type { Tensor } from './tensor.ts';

/** Functions of each element as methods: each is the function of its name with this tensor as the first argument. */
export abstract class ElementwiseMethods extends LogicMethods {
  add(y: TensorLike): Tensor {
    return ops.add(this, y);
  }

  sub(y: TensorLike): Tensor {
    return ops.sub(this, y);
  }

  mul(y: TensorLike): Tensor {
    return ops.mul(this, y);
  }

  div(y: TensorLike): Tensor {
    return ops.div(this, y);
  }

  floorDivide(y: TensorLike): Tensor {
    return ops.floorDivide(this, y);
  }

  mod(y: TensorLike): Tensor {
    return ops.mod(this, y);
  }

  fmod(y: TensorLike): Tensor {
    return ops.fmod(this, y);
  }

  pow(y: TensorLike): Tensor {
    return ops.pow(this, y);
  }

  maximum(y: TensorLike): Tensor {
    return ops.maximum(this, y);
  }

  minimum(y: TensorLike): Tensor {
    return ops.minimum(this, y);
  }

  hypot(y: TensorLike): Tensor {
    return ops.hypot(this, y);
  }

  logaddexp(y: TensorLike): Tensor {
    return ops.logaddexp(this, y);
  }

  logaddexp2(y: TensorLike): Tensor {
    return ops.logaddexp2(this, y);
  }

  copysign(y: TensorLike): Tensor {
    return ops.copysign(this, y);
  }

  fmax(y: TensorLike): Tensor {
    return ops.fmax(this, y);
  }

  fmin(y: TensorLike): Tensor {
    return ops.fmin(this, y);
  }

  heaviside(atZero: TensorLike): Tensor {
    return ops.heaviside(this, atZero);
  }

  atan2(y: TensorLike): Tensor {
    return ops.atan2(this, y);
  }

  neg(): Tensor {
    return ops.neg(this);
  }

  abs(): Tensor {
    return ops.abs(this);
  }

  sign(): Tensor {
    return ops.sign(this);
  }

  square(): Tensor {
    return ops.square(this);
  }

  reciprocal(): Tensor {
    return ops.reciprocal(this);
  }

  floor(): Tensor {
    return ops.floor(this);
  }

  ceil(): Tensor {
    return ops.ceil(this);
  }

  trunc(): Tensor {
    return ops.trunc(this);
  }

  round(): Tensor {
    return ops.round(this);
  }

  exp(): Tensor {
    return ops.exp(this);
  }

  exp2(): Tensor {
    return ops.exp2(this);
  }

  expm1(): Tensor {
    return ops.expm1(this);
  }

  log(): Tensor {
    return ops.log(this);
  }

  log1p(): Tensor {
    return ops.log1p(this);
  }

  log2(): Tensor {
    return ops.log2(this);
  }

  log10(): Tensor {
    return ops.log10(this);
  }

  sqrt(): Tensor {
    return ops.sqrt(this);
  }

  rsqrt(): Tensor {
    return ops.rsqrt(this);
  }

  cbrt(): Tensor {
    return ops.cbrt(this);
  }

  sin(): Tensor {
    return ops.sin(this);
  }

  cos(): Tensor {
    return ops.cos(this);
  }

  tan(): Tensor {
    return ops.tan(this);
  }

  asin(): Tensor {
    return ops.asin(this);
  }

  acos(): Tensor {
    return ops.acos(this);
  }

  atan(): Tensor {
    return ops.atan(this);
  }

  sinh(): Tensor {
    return ops.sinh(this);
  }

  cosh(): Tensor {
    return ops.cosh(this);
  }

  tanh(): Tensor {
    return ops.tanh(this);
  }

  asinh(): Tensor {
    return ops.asinh(this);
  }

  acosh(): Tensor {
    return ops.acosh(this);
  }

  atanh(): Tensor {
    return ops.atanh(this);
  }

  sinc(): Tensor {
    return ops.sinc(this);
  }

  erf(): Tensor {
    return ops.erf(this);
  }

  erfc(): Tensor {
    return ops.erfc(this);
  }

  erfInv(): Tensor {
    return ops.erfInv(this);
  }

  /** The same as `erfInv`. */
  erfinv(): Tensor {
    return ops.erfinv(this);
  }

  lgamma(): Tensor {
    return ops.lgamma(this);
  }

  digamma(): Tensor {
    return ops.digamma(this);
  }

  relu(): Tensor {
    return ops.relu(this);
  }

  sigmoid(): Tensor {
    return ops.sigmoid(this);
  }

  logSigmoid(): Tensor {
    return ops.logSigmoid(this);
  }

  selu(): Tensor {
    return ops.selu(this);
  }

  mish(): Tensor {
    return ops.mish(this);
  }

  logit(): Tensor {
    return ops.logit(this);
  }

  silu(): Tensor {
    return ops.silu(this);
  }

  softsign(): Tensor {
    return ops.softsign(this);
  }

  clip(low: TensorLike | null, high: TensorLike | null): Tensor {
    return ops.clip(this, low, high);
  }

  leakyRelu(slope?: number): Tensor {
    return ops.leakyRelu(this, slope);
  }

  elu(alpha?: number): Tensor {
    return ops.elu(this, alpha);
  }

  gelu(options?: { readonly approximate?: 'none' | 'tanh' }): Tensor {
    return ops.gelu(this, options);
  }

  softplus(beta?: number): Tensor {
    return ops.softplus(this, beta);
  }

  softmax(options?: AxisOption): Tensor {
    return ops.softmax(this, options);
  }

  logSoftmax(options?: AxisOption): Tensor {
    return ops.logSoftmax(this, options);
  }

  normalCdf(): Tensor {
    return ops.normalCdf(this);
  }

  degrees(): Tensor {
    return ops.degrees(this);
  }

  radians(): Tensor {
    return ops.radians(this);
  }

  /** The same as `degrees`. */
  rad2deg(): Tensor {
    return ops.rad2deg(this);
  }

  /** The same as `radians`. */
  deg2rad(): Tensor {
    return ops.deg2rad(this);
  }

  nanToNum(options?: { readonly nan?: number; readonly posInf?: number; readonly negInf?: number }): Tensor {
    return ops.nanToNum(this, options);
  }
}
