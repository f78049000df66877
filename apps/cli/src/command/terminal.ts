import { Interrupted } from '../failures/failures.ts';

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

/** Writes one line. */
export function writeLine(stream: NodeJS.WritableStream, line = ''): void {
  stream.write(`${line}\n`);
}

/** Runs a piece of work; what it throws after Ctrl-C becomes `Interrupted` with the given advice. */
export async function stoppable<T>({ signal }: Terminal, work: () => Promise<T>, advice = 'Stopped.'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal.aborted ? new Interrupted(advice) : error;
  }
}
