import type { Gate, Metric } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import type { FoldCurve } from './crossValidation.ts';
import type { Fold, GraphSet } from './graphSet.ts';

export interface FoldGates {
  /** Accuracy of the last epoch, %. */
  readonly last: Gate;
  /** Accuracy of the best average epoch, %. */
  readonly best?: Gate;
  /** Training cross-entropy of the last epoch. */
  readonly training?: Gate;
  /** What the paper reports, by its own protocol. */
  readonly paper: string;
}

/** The three ways to read one accuracy from curves of ten folds, and what to compare them with. */
export const foldMetrics = ({ last, best, training, paper }: FoldGates): Metric[] => [
  { name: 'last', label: 'accuracy, last epoch (L), %', gate: last, paper, digits: 1 },
  { name: 'lastDeviation', label: 'its deviation over the folds', digits: 1 },
  { name: 'validated', label: 'accuracy, epoch of the least held-out cross-entropy (V), %', digits: 1 },
  { name: 'validatedDeviation', label: 'its deviation over the folds', digits: 1 },
  {
    name: 'best',
    label: 'accuracy, best average epoch (B; looks at the test folds), %',
    ...(best && { gate: best }),
    digits: 1,
  },
  { name: 'bestDeviation', label: 'its deviation over the folds', digits: 1 },
  { name: 'bestEpoch', label: 'the best average epoch', digits: 0 },
  { name: 'training', label: 'cross-entropy on the training folds, last epoch', ...(training && { gate: training }) },
  { name: 'majority', label: 'accuracy of the larger class, %', baseline: true, digits: 1 },
];

/** The figures of `foldMetrics`. */
export function foldFigures(curves: readonly FoldCurve[], set: GraphSet): Record<string, number> {
  const epochs = curves[0].accuracy.length;
  const at = (epoch: number) => curves.map(({ accuracy }) => accuracy[epoch]);
  const averages = Array.from({ length: epochs }, (_, epoch) => mean(at(epoch)));
  const bestEpoch = averages.indexOf(Math.max(...averages));
  const validated = curves.map(({ accuracy, heldOut }) => accuracy[heldOut.indexOf(Math.min(...heldOut))]);
  return {
    last: mean(at(epochs - 1)),
    lastDeviation: deviation(at(epochs - 1)),
    validated: mean(validated),
    validatedDeviation: deviation(validated),
    best: averages[bestEpoch],
    bestDeviation: deviation(at(bestEpoch)),
    bestEpoch: bestEpoch + 1,
    training: mean(curves.map(({ training }) => training[epochs - 1])),
    majority: majority(set.labels),
  };
}

/** Means over the folds, epoch by epoch. */
export function foldPicture(title: string, curves: readonly FoldCurve[]): string {
  const epochs = curves[0].accuracy.map((_, epoch) => epoch + 1);
  const averaged = (name: keyof FoldCurve) =>
    epochs.map((epoch) => mean(curves.map((curve) => curve[name][epoch - 1])));
  const curve = (label: string, name: keyof FoldCurve) => ({ label, x: epochs, y: averaged(name) });
  return figure({
    title,
    panels: [
      {
        kind: 'lines',
        x: { label: 'epoch' },
        y: { label: 'cross-entropy' },
        series: [curve('training', 'training'), curve('held out', 'heldOut')],
      },
      { kind: 'lines', x: { label: 'epoch' }, y: { label: 'test accuracy, %' }, series: [curve('mean', 'accuracy')] },
    ],
  });
}

/** The first fold alone in quick runs. */
export const foldsOf = (set: GraphSet, effort: string): readonly Fold[] =>
  effort === 'quick' ? set.folds.slice(0, 1) : set.folds;

const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

const deviation = (list: readonly number[]): number => Math.sqrt(mean(list.map((value) => (value - mean(list)) ** 2)));

function majority(labels: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return (100 * Math.max(...counts.values())) / labels.length;
}
