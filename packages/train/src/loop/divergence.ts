/** What is known of the losses of one turn: its first ones, and whether the last mean was far above them. */
export type WatchedLosses = { first: number[]; diverged: boolean };

/** By turn. Kept in checkpoints. */
export type DivergenceState = Record<string, WatchedLosses>;

/** How many of the first losses give the level that others are measured by: their median, which one odd batch does not move. */
const FIRST_LOSSES = 5;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** A mean loss that has risen far above the first losses. */
export interface Divergence {
  readonly turn: string;
  readonly loss: number;
  readonly firstLoss: number;
}

/** Tells when losses that are still finite lie far above the first ones, more than `factor` times as high. */
export class DivergenceWatch {
  private readonly factor: number;
  private watched: DivergenceState = {};

  constructor(factor: number) {
    this.factor = factor;
  }

  get state(): DivergenceState {
    return this.watched;
  }

  restore(state: DivergenceState): void {
    this.watched = state;
  }

  /** Whether the last losses of any turn were far above its first. */
  get diverged(): boolean {
    return Object.values(this.watched).some(({ diverged }) => diverged);
  }

  /** Takes in the losses of steps in order and their mean, of one turn; a divergence is told when it begins. */
  observe(turn: string, losses: Iterable<number>, mean: number): Divergence | null {
    const before = this.watched[turn] ?? { first: [], diverged: false };
    const first = [...before.first];
    for (const loss of losses) {
      if (first.length >= FIRST_LOSSES) break;
      first.push(loss);
    }
    const level = median(first);
    // For losses below 0 the distance counts in the same way: (factor - 1) times the size of the level.
    const diverged = mean > level + (this.factor - 1) * Math.max(Math.abs(level), Number.MIN_VALUE);
    this.watched = { ...this.watched, [turn]: { first, diverged } };
    return diverged && !before.diverged ? { turn, loss: mean, firstLoss: level } : null;
  }
}
