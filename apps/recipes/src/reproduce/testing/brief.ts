import { memoryStorage, type RunStorage } from '@flowfield/train';
import { paperNamed, partNamed } from '../../catalog.ts';
import type { Outcome, PartContext } from '../../part.ts';
import { quietWork } from '../../work.ts';
import { runPart } from '../runPart.ts';

const noFiles = () => Promise.reject(new Error('it reads no files'));

/** A quick run of a part on the default device whose trainings end after four steps. */
export function briefRun(paper: string, name: string): Promise<Outcome> {
  const part = partNamed(paperNamed(paper), name);
  const pieces = new Map<string, RunStorage>();
  const run = ({ trained, ...context }: PartContext): Promise<Outcome> =>
    part.run({
      ...context,
      trained: (title, training) => trained(title, { ...training, steps: 4, innerSteps: 2, logEvery: 2 }),
    });
  return runPart(
    { ...part, run },
    {
      seed: 0,
      effort: 'quick',
      files: { benchmark: noFiles, named: noFiles },
      work: quietWork,
      storage(piece) {
        const storage = pieces.get(piece) ?? memoryStorage();
        pieces.set(piece, storage);
        return storage;
      },
    },
  );
}
