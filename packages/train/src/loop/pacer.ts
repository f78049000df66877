/** Milliseconds for which the loop may keep the thread before timers, signals and pages get their turn. */
const LONGEST_HOLD = 16;

/** Keeps the time of a run: its speed, and when to let others have the thread. */
export class Pacer {
  private lapStart = performance.now();
  private lapStep: number;
  private heldSince = performance.now();

  constructor(step: number) {
    this.lapStep = step;
  }

  /** Steps per second since the last lap, or since `restart`. */
  lap(step: number): number {
    const seconds = Math.max(performance.now() - this.lapStart, Number.MIN_VALUE) / 1000;
    const speed = (step - this.lapStep) / seconds;
    this.restart(step);
    return speed;
  }

  /** Begins a lap here: what went on since the last one was not training. */
  restart(step: number): void {
    this.lapStart = performance.now();
    this.lapStep = step;
  }

  /** Lets timers and signals run when the thread was held for long. */
  async breathe(): Promise<void> {
    if (performance.now() - this.heldSince < LONGEST_HOLD) return;
    await new Promise<void>((resume) => setTimeout(resume, 0));
    this.heldSince = performance.now();
  }
}
