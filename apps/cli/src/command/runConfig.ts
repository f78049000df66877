import type { Experiment, Recipe } from '@flowfield/recipes';
import { deviceInfo } from '@flowfield/tensor-webgpu';
import type { RunConfig } from '../runs/runFolder.ts';
import type { RunPlan } from './runPlan.ts';

/** What `config.json` says of a run that is about to begin or to go on. */
export function configOf(
  recipe: Recipe,
  plan: RunPlan,
  device: string,
  { data: { stored, notes: _, ...data }, split }: Experiment,
  version: string,
): RunConfig {
  return {
    recipe: recipe.name,
    settings: plan.settings,
    seed: plan.seed,
    device,
    numerics: deviceInfo(device).numerics,
    data: { source: plan.data, ...plan.table, ...data, ...(stored && { width: stored.width }) },
    ...(split && { split }),
    versions: { flowfield: version, node: process.versions.node },
  };
}
