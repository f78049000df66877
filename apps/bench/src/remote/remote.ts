import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Contender, Job, Spent } from '../contender.ts';
import type { Problem } from '../problem.ts';
import { ANSWER, type Answer, type Hello, type Request } from './protocol.ts';
import { pack, unpack } from './wire.ts';

/** What could not be had, and why. */
export interface Missing {
  readonly name: string;
  readonly missing: string;
}

/** Milliseconds to wait after work in another process, whose threads may look out for more before they sleep. */
const REST = 5;

/** Starts a contender in a process of its own, so that no library shares heap, threads or compiler options with another. */
export async function remote(
  name: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Contender | Missing> {
  const child = spawn(command[0], command.slice(1), {
    stdio: ['pipe', 'pipe', process.env['BENCH_LOG'] ? 'inherit' : 'ignore'],
    env: { ...process.env, ...env },
  });
  const line = new Line(child);
  try {
    const { version, missing } = (await line.answer()) as Hello;
    if (version !== undefined) return new Remote(name, version, line);
    return { name, missing: missing ?? 'it did not say what it is' };
  } catch (error) {
    return { name, missing: (error as Error).message };
  }
}

/** Questions and answers, one at a time. */
class Line {
  private readonly child: ChildProcess;
  private readonly answers: unknown[] = [];
  private waiting: { resolve(answer: unknown): void; reject(error: Error): void } | null = null;
  private gone: Error | null = null;

  constructor(child: ChildProcess) {
    this.child = child;
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (text) => {
      if (!text.startsWith(ANSWER)) return;
      const answer: unknown = JSON.parse(text.slice(ANSWER.length));
      if (this.waiting) this.waiting.resolve(answer);
      else this.answers.push(answer);
      this.waiting = null;
    });
    child.on('error', (error) => this.end(error));
    child.on('exit', (code, signal) => this.end(new Error(`its process ended (${signal ?? `exit code ${code}`})`)));
    child.stdin?.on('error', (error) => this.end(error));
  }

  answer(): Promise<unknown> {
    if (this.answers.length > 0) return Promise.resolve(this.answers.shift());
    if (this.gone) return Promise.reject(this.gone);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  async ask(request: Request): Promise<Answer> {
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = (await this.answer()) as Answer;
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  close(): void {
    this.child.stdin?.end();
    this.child.kill();
  }

  private end(error: Error): void {
    this.gone ??= error;
    this.waiting?.reject(error);
    this.waiting = null;
  }
}

class Remote implements Contender {
  readonly name: string;
  readonly version: string;
  private readonly line: Line;
  private readonly folder = mkdtempSync(join(tmpdir(), 'flowfield-bench-'));
  private jobs = 0;

  constructor(name: string, version: string, line: Line) {
    this.name = name;
    this.version = version;
    this.line = line;
  }

  async start(problem: Problem, byHand = false): Promise<Job | null> {
    const { line } = this;
    const job = ++this.jobs;
    const file = join(this.folder, 'arrays');
    const { json, bytes } = pack(problem);
    writeFileSync(file, bytes);
    const { takesPart } = await line.ask({ ask: 'start', job, json, file, byHand });
    if (!takesPart) return null;
    const block = async (runs: number): Promise<Spent> => {
      const { elapsed = Number.NaN, used = Number.NaN } = await line.ask({ ask: 'block', job, runs });
      await new Promise((resolve) => setTimeout(resolve, REST));
      return { elapsed, used };
    };
    return {
      run: async () => void (await block(1)),
      block,
      async outputs() {
        const { json: text = '[]' } = await line.ask({ ask: 'outputs', job, file });
        return unpack({ json: text, bytes: readFileSync(file) }) as Float32Array[];
      },
      dispose: async () => void (await line.ask({ ask: 'dispose', job })),
    };
  }

  async peak(): Promise<number> {
    const { gigaflops = Number.NaN } = await this.line.ask({ ask: 'peak' });
    return gigaflops;
  }

  close(): void {
    this.line.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
