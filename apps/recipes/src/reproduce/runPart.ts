import { DeviceError, defaultDevice } from '@flowfield/tensor-webgpu';
import { type RunStorage, readMetrics, type TrainEvent, train } from '@flowfield/train';
import { RecipeError } from '../errors.ts';
import type { DataFiles } from '../files.ts';
import { type Effort, measuredIn, type Outcome, type Part, type PartContext } from '../part.ts';
import type { Work } from '../work.ts';

/** Bookkeeping of one seed of a part, and what it is shown with. */
export interface RunPartOptions {
  readonly seed: number;
  readonly effort: Effort;
  readonly files: DataFiles;
  readonly work: Work;
  /** Where a piece of the work keeps its files, by the name of the piece. */
  readonly storage: (piece: string) => RunStorage;
  /** What training tells, by the name of the piece. */
  readonly onEvent?: (piece: string, event: TrainEvent, steps: number) => void;
}

/** The device that has float64. */
const CPU = 'cpu';
/** The piece that holds the values of `kept`. */
const KEPT = 'kept';

/**
 * One seed of a part, from the beginning or from where it was stopped.
 * @throws DeviceError for a part of the CPU alone when the default device is another one; RecipeError when the part does not
 * give a finite number for each of its metrics
 */
export async function runPart(part: Part, options: RunPartOptions): Promise<Outcome> {
  const { seed, effort, files, work, storage } = options;
  const device = defaultDevice().name;
  if (part.onlyCpu !== undefined && device !== CPU)
    throw new DeviceError(
      `part ${part.name}: it runs on the device '${CPU}' alone, since ${part.onlyCpu}; given '${device}'. Choose the device '${CPU}' for it.`,
    );
  const context: PartContext = {
    seed,
    effort,
    files,
    work,
    async trained(name, { keepBest = false, ...training }) {
      const own = storage(name);
      const trainer = await train({
        ...training,
        storage: own,
        seed,
        resume: true,
        signal: work.signal,
        onEvent: (event) => options.onEvent?.(name, event, training.steps),
      });
      work.signal.throwIfAborted();
      const params = keepBest && trainer.best !== null ? trainer.best.params : trainer.averaged;
      return { params, history: await readMetrics(own) };
    },
    async kept(name, compute) {
      const own = storage(KEPT);
      const file = `${name}.json`;
      const bytes = await own.read(file);
      if (bytes !== null) return JSON.parse(new TextDecoder().decode(bytes));
      const value = await compute();
      work.signal.throwIfAborted();
      await own.write(file, new TextEncoder().encode(`${JSON.stringify(value)}\n`));
      return value;
    },
  };
  const outcome = await part.run(context);
  checkFigures(part, effort, outcome);
  return outcome;
}

function checkFigures(part: Part, effort: Effort, { figures }: Outcome): void {
  const { name } = part;
  const metrics = measuredIn(part, effort);
  for (const metric of metrics) {
    if (Number.isFinite(figures[metric.name])) continue;
    throw new RecipeError(
      `part ${name}: expected a finite number for '${metric.name}', given ${figures[metric.name]}; its figures are ${Object.keys(figures).join(', ')}`,
    );
  }
  for (const key of Object.keys(figures)) {
    if (metrics.some((metric) => metric.name === key)) continue;
    throw new RecipeError(
      `part ${name}: the figure '${key}' is none of its metrics; describe it there, or leave it out`,
    );
  }
}
