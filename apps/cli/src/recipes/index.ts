import { UsageError } from '../failures/failures.ts';
import { didYouMean } from '../failures/nearest.ts';
import { earth } from './earth.ts';
import type { Recipe } from './recipe.ts';

/** Every experiment that the command knows. */
export const recipes: readonly Recipe[] = [earth];

/**
 * The recipe of that name.
 * @throws UsageError, with the nearest name, when there is none
 */
export function recipeNamed(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found !== undefined) return found;
  const names = recipes.map((recipe) => recipe.name);
  throw new UsageError(`unknown recipe '${name}'${didYouMean(name, names)} (flowfield list shows all)`);
}
