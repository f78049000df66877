import { SingleBar } from 'cli-progress';

/** How far a long piece of work is. */
export interface Progress {
  /** `done` of the total; `note` says something about now, such as the loss. */
  update(done: number, note?: string): void;
  /** Leaves the last state on the screen. */
  stop(): void;
}

export interface ProgressOptions {
  /** Where to draw: a bar on a terminal, a plain line now and then elsewhere. */
  stream: NodeJS.WritableStream;
  title: string;
  total: number;
  start?: number;
}

/** Milliseconds between two plain lines. */
const LINE_INTERVAL = 5000;
const FRAMES_PER_SECOND = 10;
/** Columns of a terminal that has room for a long bar. */
const WIDE_TERMINAL = 110;
/** Width that lines up the bars of one run. */
const TITLE_WIDTH = 11;

/** Starts to show the progress of a piece of work. */
export function showProgress(options: ProgressOptions): Progress {
  return (options.stream as NodeJS.WriteStream).isTTY ? progressBar(options) : progressLines(options);
}

function progressBar({ stream, title, total, start = 0 }: ProgressOptions): Progress {
  const bar = new SingleBar({
    stream,
    // On a narrow terminal the bar shrinks, so that speed and time left stay in sight.
    format: `${title.padEnd(TITLE_WIDTH)} {bar} {percentage}% | {value}/{total}{note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: ((stream as NodeJS.WriteStream).columns ?? WIDE_TERMINAL) < WIDE_TERMINAL ? 4 : 24,
    fps: FRAMES_PER_SECOND,
    hideCursor: true,
    // Ctrl-C is the program's own business.
    gracefulExit: false,
  });
  bar.start(total, start, { note: '' });
  return {
    update: (done, note) => bar.update(done, note === undefined ? {} : { note: ` | ${note}` }),
    stop: () => bar.stop(),
  };
}

function progressLines({ stream, title, total, start = 0 }: ProgressOptions): Progress {
  let last = { done: start, note: '' };
  let written = -1;
  let next = performance.now() + LINE_INTERVAL;
  const write = (): void => {
    const { done, note } = last;
    if (done === written) return;
    const share = `${Math.floor((100 * done) / total)}%`;
    stream.write(
      `${title.padEnd(TITLE_WIDTH)} ${share.padStart(4)} | ${done}/${total}${note === '' ? '' : ` | ${note}`}\n`,
    );
    written = done;
    next = performance.now() + LINE_INTERVAL;
  };
  return {
    update(done, note = last.note) {
      last = { done, note };
      if (performance.now() >= next) write();
    },
    stop: write,
  };
}
