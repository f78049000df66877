export { paperNamed, papers, partNamed, recipeNamed, recipes } from './catalog.ts';
export { RecipeError } from './errors.ts';
export { type DataFiles, sha256 } from './files.ts';
export {
  type Bounds,
  type Effort,
  type Gate,
  type Metric,
  measuredIn,
  type Outcome,
  type Paper,
  type Part,
  type PartContext,
  type Trained,
} from './part.ts';
export type {
  Evaluation,
  Experiment,
  Model,
  Recipe,
  RecipeContext,
  Results,
  SampleOptions,
  StoredData,
  TableOptions,
  Training,
} from './recipe.ts';
export { type RunPartOptions, runPart } from './reproduce/runPart.ts';
export { choice, flag, real, whole } from './settings/kinds.ts';
export { didYouMean } from './settings/nearest.ts';
export { readDecimal } from './settings/number.ts';
export type { Presets, SettingsSchema, SettingValues } from './settings/schema.ts';
export { quietWork, type Work } from './work.ts';
