/** Milliseconds for which the loop may keep the thread before timers, signals and pages get their turn. */
const LONGEST_HOLD = 16;

/** Milliseconds that one device call should not exceed, so that a signal is heard within two seconds. */
const LONGEST_CALL = 1000;

/** Resolves after the waiting events; `setImmediate`, where there is one, without the millisecond that a timer costs. */
const nextTurn = (): Promise<void> =>
  new Promise((resume) => {
    if (typeof setImmediate === 'function') setImmediate(resume);
    else setTimeout(resume, 0);
  });

/** Keeps the time of a run: its speed, when to save, how long a call may be, and when to let others have the thread. */
export class Pacer {
  private lapStart = performance.now();
  private lapStep: number;
  private heldSince = performance.now();
  private savedAt = performance.now();
  private longest = Number.POSITIVE_INFINITY;

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

  /** Seconds since the last checkpoint, or since the run began. */
  get secondsUnsaved(): number {
    return (performance.now() - this.savedAt) / 1000;
  }

  saved(): void {
    this.savedAt = performance.now();
  }

  /** The most steps that one call may have: fewer than before when a call of `count` steps took too long. */
  get longestCall(): number {
    return this.longest;
  }

  called(count: number, milliseconds: number): void {
    if (milliseconds > LONGEST_CALL && count > 1) {
      this.longest = Math.max(1, Math.floor((count * LONGEST_CALL) / (2 * milliseconds)));
    }
  }

  /** Lets timers and signals run when the thread was held for long. */
  async breathe(): Promise<void> {
    if (performance.now() - this.heldSince < LONGEST_HOLD) return;
    await nextTurn();
    this.heldSince = performance.now();
  }
}
