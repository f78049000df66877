import { checkedOptions, checkFunctions } from '../errors/checks.ts';
import { HOST, type KernelReport } from '../kernels/report.ts';
import { printProgram } from '../program/print.ts';
import type { CompileStep, ProgramReport } from '../runtime/device.ts';
import type { TreeFunction } from './function.ts';
import { JitFunction, type JitOptions } from './jit.ts';

/** The compiled form of a function: figures to test against, and a text to read. */
export class Explanation {
  private readonly report: ProgramReport;

  constructor(report: ProgramReport) {
    this.report = report;
  }

  get kernels(): readonly KernelReport[] {
    return this.report.kernels;
  }

  /** Peak bytes of temporaries. */
  get arenaBytes(): number {
    return this.report.arenaBytes;
  }

  get codeBytes(): number {
    return this.report.codeBytes;
  }

  /** Threads that a run may use at most: 1 where nothing in it is large enough to be shared. */
  get threads(): number {
    return this.report.threads ?? 1;
  }

  /** Floating-point operations of one run, as the kernels count them. */
  get flops(): number {
    return this.report.kernels.reduce((sum, kernel) => sum + kernel.flops, 0);
  }

  /** Milliseconds that the steps of compiling took when the program was compiled, in order; empty where a device does not say. */
  get compileSteps(): readonly CompileStep[] {
    return this.report.steps ?? [];
  }

  /** The program after simplification, one equation a line. */
  get program(): string {
    return printProgram(this.report.program);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  toString(): string {
    const { kernels, arenaBytes, codeBytes } = this.report;
    const lines = kernels.map(
      (kernel, i) =>
        `${String(i + 1).padStart(3)}  ${kernel.kind.padEnd(12)}${quantity(kernel.flops, 'FLOP').padStart(12)}${quantity(kernel.bytes, 'B').padStart(12)}  ${kernel.label}`,
    );
    return [
      this.program,
      '',
      `${kernels.length} kernels, ${quantity(this.flops, 'FLOP')}, arena ${quantity(arenaBytes, 'B')}, code ${quantity(codeBytes, 'B')}, ${this.threads === 1 ? 'one thread' : `up to ${this.threads} threads`}`,
      ...lines,
      ...this.hosted(),
    ].join('\n');
  }

  /** What the host computes, and what that takes beside the work: a line for people, or none. */
  private hosted(): string[] {
    const hosted = this.report.kernels.filter((kernel) => kernel.kind === HOST);
    if (hosted.length === 0) return [];
    const bytes = hosted.reduce((sum, kernel) => sum + kernel.bytes, 0);
    const names = [...new Set(hosted.map((kernel) => kernel.label))].join(', ');
    return [
      `Computed by the host, in JavaScript and on one thread: ${names}. Each run copies ${quantity(bytes, 'B')} to it and back.`,
    ];
  }
}

function quantity(value: number, unit: string): string {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let at = 0;
  let scaled = value;
  while (scaled >= 1000 && at < prefixes.length - 1) {
    scaled /= 1000;
    at++;
  }
  return `${at === 0 ? scaled : scaled.toPrecision(3)} ${prefixes[at]}${unit}`;
}

/**
 * What becomes of a function at given arguments, for people: its program after simplification, the kernels in
 * order with their FLOPs and bytes, and the size of its arena and code. Nothing is run.
 */
export const explain =
  <A extends unknown[]>(f: (...args: A) => unknown, options: JitOptions = {}) =>
  (...args: A): Explanation => {
    checkFunctions('explain', f);
    checkedOptions('explain', options, ['staticArgnums', 'donate']);
    return new Explanation(new JitFunction(f as TreeFunction, options).entryOf(args).compiled.report('explain'));
  };
