import type { MetricsRecord } from '../storage/metricsLog.ts';
import type { TrainEvent } from './events.ts';

/** Names before those of numbers that come by name. */
const under = (prefix: string, values: Readonly<Record<string, number>> | undefined): Record<string, number> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [`${prefix}.${name}`, value]));

/** The line of an event in `metrics.jsonl`; `null` for events that bring no numbers. */
export function toRecord(event: TrainEvent): MetricsRecord | null {
  const { step } = event;
  if (event.kind === 'progress') {
    const { loss, metrics, lossByTurn, stepsPerSecond } = event;
    return { step, loss, ...metrics, ...under('loss', lossByTurn), stepsPerSecond };
  }
  if (event.kind === 'validation') return { step, validation: event.value, ...under('validation', event.metrics) };
  if (event.kind === 'warning') return { step, diverged: 1, firstLoss: event.firstLoss };
  return null;
}
