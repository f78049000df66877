export { bernoulli } from './bernoulli.ts';
export {
  exponential,
  gumbel,
  laplace,
  normal,
  type RandomOptions,
  type UniformOptions,
  uniform,
} from './continuous.ts';
export {
  type CategoricalOptions,
  type ChoiceOptions,
  categorical,
  choice,
  permutation,
  rademacher,
  randint,
} from './discrete.ts';
export { beta, dirichlet, gamma, loggamma } from './gamma.ts';
export { ball, multivariateNormal, orthogonal, sphere } from './geometric.ts';
export { bits, foldIn, type Key, key, split } from './key.ts';
export { truncatedNormal } from './truncated.ts';
