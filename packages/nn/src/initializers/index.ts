export { constant, ones, zeros } from './constant.ts';
export { glorotNormal, glorotUniform } from './glorot.ts';
export { contextOf, type Initializer, type InitializerContext, type ParameterDType } from './initializer.ts';
export { type KaimingOptions, kaimingNormal, kaimingUniform } from './kaiming.ts';
export { fanInUniform, lecunNormal, lecunUniform } from './lecun.ts';
export { normal } from './normal.ts';
export { orthogonal } from './orthogonal.ts';
export { uniform } from './uniform.ts';
export { type VarianceScalingOptions, varianceScaling } from './varianceScaling.ts';
