import type { Work } from '@flowfield/recipes';
import { type Progress, showProgress } from './progress.ts';

/** Shows the parts of a work one after another, each from its first to its last row. */
export function shownWork(stream: NodeJS.WritableStream, signal: AbortSignal): Work & { end(): void } {
  let part: { title: string; bar: Progress } | null = null;
  const end = (): void => {
    part?.bar.stop();
    part = null;
  };
  return {
    signal,
    progress(title, done, total) {
      if (part?.title !== title) {
        end();
        part = { title, bar: showProgress({ stream, title, total }) };
      }
      part.bar.update(done);
      if (done >= total) end();
    },
    end,
  };
}
