import { Writable } from 'node:stream';
import { Interrupted } from '../failures/failures.ts';

/** Where the command writes, and what stops it. */
export interface Terminal {
  /** Results: the table, or one JSON object. */
  readonly stdout: NodeJS.WritableStream;
  /** Progress and errors. */
  readonly stderr: NodeJS.WritableStream;
  /** Warnings of a call whose progress nobody wants to see; standard error when left out. */
  readonly warnings?: NodeJS.WritableStream;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Told when ending the program loses nothing, with what to say then; `null` takes it back. */
  readonly nothingToLose?: (advice: string | null) => void;
  /** How the person calls the program, for the commands that it proposes. */
  readonly call: string;
  /** The version of the program. */
  readonly version: string;
}

/** Writes one line. */
export function writeLine(stream: NodeJS.WritableStream, line = ''): void {
  stream.write(`${line}\n`);
}

/** The terminal of a call with `--quiet`: nothing of its progress is written. */
export const quieted = (terminal: Terminal, quiet: boolean | undefined): Terminal =>
  quiet
    ? { ...terminal, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }), warnings: terminal.stderr }
    : terminal;

/** A path as a shell takes it: in quotes where it holds more than plain characters. */
export const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** Runs a piece of work; when it ends because of Ctrl-C, `Interrupted` has the given advice. */
export async function stoppable<T>({ signal }: Terminal, work: () => Promise<T>, advice = 'Stopped.'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What else goes wrong while it stops, such as a full disk, is not to be hidden.
    throw signal.aborted && error === signal.reason ? new Interrupted(advice) : error;
  }
}
