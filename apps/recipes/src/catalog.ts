import { RecipeError } from './errors.ts';
import { checkerboard } from './flow-matching/checkerboard.ts';
import { flowMatching } from './flow-matching/index.ts';
import { frameAveraging } from './frame-averaging/index.ts';
import { glassFlows } from './glass-flows/index.ts';
import { guidedFlows } from './guided-flows/index.ts';
import { ign } from './ign/index.ts';
import { invariantUniversality } from './invariant-universality/index.ts';
import { kineticOptimal } from './kinetic-optimal/index.ts';
import { lrga } from './lrga/index.ts';
import type { Paper, Part } from './part.ts';
import { pointnetst } from './pointnetst/index.ts';
import { points } from './points/points.ts';
import type { Recipe } from './recipe.ts';
import { earth } from './rfm/earth.ts';
import { rfm } from './rfm/index.ts';
import { set2graph } from './set2graph/index.ts';
import { didYouMean } from './settings/nearest.ts';

/** Every experiment that can be trained by name. */
export const recipes: readonly Recipe[] = [earth, checkerboard, points];

/** Every paper that can be reproduced. */
export const papers: readonly Paper[] = [
  flowMatching,
  guidedFlows,
  kineticOptimal,
  glassFlows,
  rfm,
  ign,
  invariantUniversality,
  frameAveraging,
  pointnetst,
  set2graph,
  lrga,
];

/**
 * The recipe of that name.
 * @throws RecipeError, with the nearest name, when there is none
 */
export const recipeNamed = (name: string): Recipe => named('recipe', name, recipes);

/**
 * The paper of that name.
 * @throws RecipeError, with the nearest name, when there is none
 */
export const paperNamed = (name: string): Paper => named('paper', name, papers);

/**
 * The part of a paper.
 * @throws RecipeError, with the nearest name, when there is none
 */
export const partNamed = ({ name, parts }: Paper, part: string): Part => named(`part of ${name}`, part, parts);

function named<T extends { readonly name: string }>(kind: string, name: string, all: readonly T[]): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name);
  throw new RecipeError(`unknown ${kind} '${name}'; expected one of ${names.join(', ')}${didYouMean(name, names)}`);
}
