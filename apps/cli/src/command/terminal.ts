/** Where the command writes, and what stops it. */
export interface Terminal {
  /** Results: the table, or one JSON object. */
  readonly stdout: NodeJS.WritableStream;
  /** Progress and errors. */
  readonly stderr: NodeJS.WritableStream;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** How the person calls the program, for the commands that it proposes. */
  readonly call: string;
  /** The version of the program. */
  readonly version: string;
}

/** Lets signals and timers through, between two pieces of work that keep the thread busy. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Writes one line. */
export function writeLine(stream: NodeJS.WritableStream, line = ''): void {
  stream.write(`${line}\n`);
}
