import { SingleBar } from 'cli-progress';

/** How far a long piece of work is. */
export interface Progress {
  /** `done` of the total; `note` says something about now, such as the loss. */
  update(done: number, note?: string): void;
  /** Leaves the last state on the screen. */
  stop(): void;
}

export interface ProgressOptions {
  /** Where to draw; bars on a terminal, a plain line every few seconds elsewhere. */
  stream: NodeJS.WritableStream;
  title: string;
  total: number;
  start?: number;
}

/** Milliseconds between plain lines. */
const LINE_INTERVAL = 5000;

/** Milliseconds between two drawings of a bar. */
const FRAME_INTERVAL = 100;

/** Starts to show the progress of a piece of work. */
export function showProgress({ stream, title, total, start = 0 }: ProgressOptions): Progress {
  const isTerminal = (stream as NodeJS.WriteStream).isTTY === true;
  const figures = '{percentage}% | {value}/{total} | {eta_formatted} left{note}';
  const bar = new SingleBar({
    stream,
    format: isTerminal ? `${title.padEnd(10)} {bar} ${figures}` : `${title}: ${figures}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    fps: 1000 / FRAME_INTERVAL,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: LINE_INTERVAL,
    // Ctrl-C is the program's own business.
    gracefulExit: false,
    etaBuffer: 50,
  });
  let last = { done: start, note: '' };
  const payload = (note: string) => ({ note: note === '' ? '' : ` | ${note}` });
  bar.start(total, start, payload(''));
  return {
    update(done, note = last.note) {
      last = { done, note };
      bar.update(done, payload(note));
    },
    stop() {
      bar.update(last.done, payload(last.note));
      bar.stop();
    },
  };
}
