import { constant, ones, zeros } from './constant.ts';
import { geometric } from './geometric.ts';
import { glorotNormal, glorotUniform } from './glorot.ts';
import type * as Draws from './initializer.ts';
import { contextOf } from './initializer.ts';
import { kaimingNormal, kaimingUniform } from './kaiming.ts';
import { fanInUniform, lecunNormal, lecunUniform } from './lecun.ts';
import { normal, truncatedNormal } from './normal.ts';
import { orthogonal } from './orthogonal.ts';
import { siren } from './siren.ts';
import { uniform } from './uniform.ts';
import { varianceScaling } from './varianceScaling.ts';

/**
 * How parameters begin, by name. An object, not a module of its own: what a bundle does not use of it can be left out with it.
 */
export const initializers = {
  constant,
  contextOf,
  fanInUniform,
  geometric,
  glorotNormal,
  glorotUniform,
  kaimingNormal,
  kaimingUniform,
  lecunNormal,
  lecunUniform,
  normal,
  ones,
  orthogonal,
  siren,
  truncatedNormal,
  uniform,
  varianceScaling,
  zeros,
} as const;

/** The types that go with them, under the same name. */
export declare namespace initializers {
  type Initializer = Draws.Initializer;
  type InitializerContext = Draws.InitializerContext;
  type ParameterDType = Draws.ParameterDType;
}
