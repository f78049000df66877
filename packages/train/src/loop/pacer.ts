/** Milliseconds for which the loop may keep the thread before timers, signals and pages get their turn. */
const LONGEST_HOLD = 16;

/** Resolves after the waiting events; `setImmediate`, where there is one, without the millisecond that a timer costs. */
const nextTurn = (): Promise<void> =>
  new Promise((resume) => {
    if (typeof setImmediate === 'function') setImmediate(resume);
    else setTimeout(resume, 0);
  });

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
    await nextTurn();
    this.heldSince = performance.now();
  }
}
