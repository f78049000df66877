import { eventSources } from '../events/loadEvents.ts';
import type { Effort, Gate, Part } from '../part.ts';
import type { SettingValues } from '../settings/schema.ts';
import { earth } from './earth.ts';

interface EarthPart {
  /** A data set of the Earth. */
  readonly name: 'earthquake' | 'flood' | 'fire';
  readonly gate?: Gate;
  /** Test NLL of the paper, Table 1. */
  readonly paper: string;
}

const efforts: Record<Effort, SettingValues> = {
  plain: earth.presets.long,
  quick: earth.presets.quick,
  best: { ...earth.presets.long, steps: 60_000, width: 512 },
};

/** Riemannian flow matching of events on the Earth: Chen and Lipman 2023, section 5.1. */
export function earthPart({ name, gate, paper }: EarthPart): Part {
  return {
    name,
    summary: `a density on the sphere from ${eventSources[name].split(',').slice(0, 2).join(',')}`,
    minutes: 5,
    data: [`earth/${name}.csv`],
    efforts: ['quick', 'best'],
    metrics: [
      { name: 'testNll', label: 'test NLL, nats', gate, paper },
      { name: 'testNllNewPlaces', label: 'test NLL without repeats of training events' },
      { name: 'kernelNll', label: 'kernel density (von Mises-Fisher), chosen on the validation part', baseline: true },
      { name: 'kernelNllNewPlaces', label: 'kernel density, without repeats', baseline: true },
      { name: 'uniformNll', label: 'uniform density', baseline: true },
    ],
    async run(context) {
      const experiment = await earth.open({
        ...context,
        settings: earth.settings.parse(efforts[context.effort]) as SettingValues,
        data: name,
      });
      const { params, history } = await context.trained('model', experiment.training);
      const evaluation = await context.kept('evaluation', () => experiment.evaluate(params, context.work));
      const samples = await experiment.sample(params, { ...context.work, count: 1000, seed: context.seed });
      const { map } = await experiment.pictures({ params, evaluation, samples, history }, context.work);
      const { testNll, testNllNewPlaces, kernelNll, kernelNllNewPlaces, uniformNll } = evaluation.figures;
      return {
        figures: { testNll, testNllNewPlaces, kernelNll, kernelNllNewPlaces, uniformNll },
        pictures: { map },
      };
    },
  };
}
