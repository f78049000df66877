import type { Effort, Gate, Metric, Part, PartContext } from '../part.ts';
import type { SettingValues } from '../settings/schema.ts';
import { checkerboard } from './checkerboard.ts';
import { squares } from './squares.ts';

interface CheckerboardPart {
  readonly name: string;
  readonly summary: string;
  readonly minutes: number;
  readonly efforts: Part['efforts'];
  /** Settings of the recipe for each effort. */
  readonly settings: Partial<Record<Effort, SettingValues>>;
  readonly gates: { readonly nll: Gate; readonly offShare: Gate; readonly nfe: Gate };
  /** Whether the diffusion path is trained beside the straight one. */
  readonly compare: boolean;
}

/** The part `checkerboard` and its wider sister. */
export function checkerboardPart({ settings, gates, compare, ...words }: CheckerboardPart): Part {
  return { ...words, metrics: metrics(gates, compare), run: (context) => run(context, settings, compare) };
}

const metrics = (gates: CheckerboardPart['gates'], compare: boolean): Metric[] => [
  { name: 'nll', label: 'NLL of fresh points, nats (at least 3.676)', gate: gates.nll },
  { name: 'offShare', label: 'samples off the squares, %', gate: gates.offShare, digits: 1 },
  { name: 'nfe', label: 'evaluations of dopri5 at 1e-5', gate: gates.nfe, paper: '142 (CIFAR-10)', digits: 0 },
  ...(compare ? comparison : []),
  { name: 'entropy', label: 'entropy of the data: the least NLL', baseline: true },
];

const comparison: Metric[] = [
  { name: 'nllGain', label: 'NLL of the diffusion path minus that of the straight one', gate: { atLeast: 0 } },
  { name: 'nfeRatio', label: 'evaluations, straight over diffusion', gate: { atMost: 0.7 }, paper: '0.78 (CIFAR-10)' },
  { name: 'nllVp', label: 'NLL, diffusion path', baseline: true },
  { name: 'offShareVp', label: 'samples off the squares, diffusion path, %', baseline: true, digits: 1 },
  { name: 'nfeVp', label: 'evaluations, diffusion path', baseline: true, digits: 0, paper: '183 (CIFAR-10)' },
];

async function run(context: PartContext, settings: CheckerboardPart['settings'], compare: boolean) {
  const measured = async (path: 'ot' | 'vp') => {
    const experiment = await checkerboard.open({
      ...context,
      settings: checkerboard.settings.parse({ ...settings[context.effort], path }) as SettingValues,
      data: checkerboard.data.fallback,
    });
    const { params, history } = await context.trained(path, experiment.training);
    const evaluation = await context.kept(`evaluation-${path}`, () => experiment.evaluate(params, context.work));
    const samples = await experiment.sample(params, { ...context.work, count: 5000, seed: context.seed });
    const pictures = await experiment.pictures({ params, evaluation, samples, history }, context.work);
    return { figures: evaluation.figures, picture: pictures.density };
  };
  const ot = await measured('ot');
  const vp = compare ? await measured('vp') : undefined;
  const { nll, offShare, nfe } = ot.figures;
  return {
    figures: {
      nll,
      offShare,
      nfe,
      ...(vp && {
        nllGain: vp.figures.nll - nll,
        nfeRatio: nfe / vp.figures.nfe,
        nllVp: vp.figures.nll,
        offShareVp: vp.figures.offShare,
        nfeVp: vp.figures.nfe,
      }),
      entropy: squares.entropy,
    },
    pictures: { ot: ot.picture, ...(vp && { vp: vp.picture }) },
  };
}
