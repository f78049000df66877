import type { CompileStep } from '../../runtime/device.ts';

/** Adds up the time of named steps. */
export class Stopwatch {
  private readonly times = new Map<string, number>();
  private last = performance.now();

  /** Ends a step, which began where the last one ended. */
  lap(name: string): void {
    const now = performance.now();
    this.times.set(name, (this.times.get(name) ?? 0) + now - this.last);
    this.last = now;
  }

  get steps(): CompileStep[] {
    return [...this.times].map(([name, milliseconds]) => ({ name, milliseconds }));
  }
}
