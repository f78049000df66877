import type { TrainEvent } from '@flowfield/train';
import { type Progress, showProgress } from './progress.ts';

/** Shows the events of a training run as they come; warnings on a stream of their own. */
export function shownTraining(
  stream: NodeJS.WritableStream,
  steps: number,
  warnings: NodeJS.WritableStream = stream,
): (event: TrainEvent) => void {
  let bar: Progress | null = null;
  let held = '';
  return (event) => {
    if (event.kind === 'progress') {
      bar ??= showProgress({ stream, title: 'training', total: steps, start: event.step });
      const speed = `${shortNumber(event.stepsPerSecond)} steps/s, ${duration(event.etaSeconds)} left`;
      bar.update(event.step, `${speed} | loss ${event.loss.toFixed(4)}${held}`);
    } else if (event.kind === 'validation') {
      held = ` | validation ${event.value.toFixed(3)}`;
    } else if (event.kind === 'warning') {
      warnings.write(`${(stream as NodeJS.WriteStream).isTTY ? '\n' : ''}warning: ${event.message}\n`);
    } else if (event.kind === 'done' || event.kind === 'stopped') {
      bar?.stop();
    }
  };
}

/** Minutes and seconds, or hours and minutes. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Slow steps have a decimal. */
const shortNumber = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
