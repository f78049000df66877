/** Share of a new time in the running mean, at the least. */
const WEIGHT = 0.15;
/** A run may take so many times the usual and count in full; beyond, something else had the processor. */
const OUTLIER = 3;
/** Runs of one look at a way. With helpers the first finds them asleep, and does not count. */
const LOOK = { alone: 2, together: 5 };
/** Runs from one look at the other way to the next: while alone is better, and while together is better. */
const STAY = { alone: 200, together: 500 };
/** Together must be this much faster, or the other threads are left in peace. */
const LEAST_GAIN = 1.1;

type Way = 'alone' | 'together';

/** A running mean of milliseconds. */
interface Mean {
  value: number;
  count: number;
}

/**
 * Decides from the times of a program's runs whether other threads should take part. Estimates of its work say whether it is
 * worth a try; whether cores are free for it, the clock alone can tell. Results do not depend on it.
 */
export class Pace {
  private readonly means: Record<Way, Mean> = { alone: { value: 0, count: 0 }, together: { value: 0, count: 0 } };
  private way: Way = 'together';
  /** Runs that are left of this way, and the number of the present one. */
  private left: number = LOOK.together;
  private run = 0;
  private looking = true;

  /** How the next run should be. */
  next(): Way {
    if (this.left === 0) this.turn();
    this.left--;
    this.run++;
    return this.way;
  }

  private turn(): void {
    const { alone, together } = this.means;
    const known = alone.count > 0;
    const better = known && together.value * LEAST_GAIN < alone.value ? 'together' : 'alone';
    // After a look comes the better way for long, and after that a look at the other one.
    this.looking = !known || !this.looking;
    this.way = known && this.looking ? other(better) : better;
    this.left = (this.looking ? LOOK : STAY)[this.way];
    this.run = 0;
    if (this.looking) this.means[this.way] = { value: 0, count: 0 };
  }

  /** Notes how long the run took. */
  took(milliseconds: number): void {
    if (this.way === 'together' && this.run === 1) return;
    const mean = this.means[this.way];
    const weight = Math.max(WEIGHT, 1 / ++mean.count);
    mean.value +=
      weight * ((mean.count === 1 ? milliseconds : Math.min(milliseconds, OUTLIER * mean.value)) - mean.value);
  }
}

const other = (way: Way): Way => (way === 'alone' ? 'together' : 'alone');
