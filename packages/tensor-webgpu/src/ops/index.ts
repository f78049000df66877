export {
  elu,
  gelu,
  leakyRelu,
  logit,
  logSigmoid,
  logSoftmax,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
} from './activations.ts';
export {
  abs,
  add,
  ceil,
  clip,
  div,
  floor,
  floorDivide,
  fmod,
  maximum,
  minimum,
  mod,
  mul,
  nanToNum,
  neg,
  pow,
  reciprocal,
  round,
  sign,
  square,
  sub,
  trunc,
} from './arithmetic.ts';
export { astype } from './astype.ts';
export { equal, greater, greaterEqual, less, lessEqual, notEqual } from './comparison.ts';
export {
  type DotDimensions,
  dot,
  dotGeneral,
  kron,
  matmul,
  outer,
  tensordot,
  vecdot,
} from './contraction.ts';
export { type ConvOptions, type ConvTransposeOptions, conv, convTranspose } from './conv.ts';
export {
  arange,
  type EyeOptions,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './creation.ts';
export {
  type CumulativeOptions,
  cumlogsumexp,
  cummax,
  cummin,
  cumprod,
  cumsum,
} from './cumulative.ts';
export { einsum } from './einsum.ts';
export {
  cbrt,
  exp,
  exp2,
  expm1,
  hypot,
  isFinite,
  isInf,
  isNaN,
  log,
  log1p,
  log2,
  log10,
  logaddexp,
  logaddexp2,
  rsqrt,
  sqrt,
} from './exponential.ts';
export { cross, diff } from './geometry.ts';
export {
  diag,
  diagonal,
  dynamicSlice,
  dynamicUpdateSlice,
  type GatherOptions,
  gather,
  oneHot,
  scatterAdd,
  scatterMax,
  scatterMin,
  scatterMul,
  scatterSet,
  take,
  takeAlongAxis,
  trace,
  tril,
  triu,
} from './indexing.ts';
export { type InterpOptions, interp } from './interp.ts';
export {
  concat,
  meshgrid,
  repeat,
  roll,
  split,
  stack,
  tile,
} from './join.ts';
export {
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  isClose,
  leftShift,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  rightShift,
  where,
} from './logical.ts';
export { logsumexp } from './logsumexp.ts';
export { nanmax, nanmean, nanmin, nansum } from './nanReductions.ts';
export {
  type PadMode,
  type PadWidths,
  pad,
} from './pad.ts';
export { avgPool, maxPool, type PoolOptions } from './pool.ts';
export {
  type ArgReduceOptions,
  all,
  any,
  argmax,
  argmin,
  countNonzero,
  max,
  mean,
  min,
  type NormOptions,
  norm,
  prod,
  std,
  sum,
  type VarianceOptions,
  variance,
  variance as var,
} from './reductions.ts';
export {
  broadcastArrays,
  broadcastTo,
  expandDims,
  flatten,
  flip,
  matrixTranspose,
  moveaxis,
  ravel,
  reshape,
  squeeze,
  swapaxes,
  transpose,
} from './reshape.ts';
export {
  segmentMax,
  segmentMean,
  segmentMin,
  segmentSoftmax,
  segmentSum,
} from './segment.ts';
export { copysign, fmax, fmin, heaviside, signbit } from './signs.ts';
export {
  type Range,
  type SliceSpec,
  slice,
} from './slice.ts';
export {
  argsort,
  lexsort,
  type SortOptions,
  searchsorted,
  sort,
  topK,
} from './sorting.ts';
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from './spatial.ts';
export {
  digamma,
  erf,
  erfc,
  erfInv,
  erfInv as erfinv,
  lgamma,
  normalCdf,
  polygamma,
} from './special.ts';
export {
  median,
  ptp,
  quantile,
} from './statistics.ts';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  degrees,
  degrees as rad2deg,
  radians,
  radians as deg2rad,
  sin,
  sinc,
  sinh,
  tan,
  tanh,
} from './trigonometric.ts';
export type { Axes, AxisOption, CreateOptions, NestedArray, ReduceOptions, TensorLike } from './types.ts';
export type { PerAxis, WindowOptions, WindowPadding } from './windows.ts';
