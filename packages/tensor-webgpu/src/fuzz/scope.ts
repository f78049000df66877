import { type DType, isFloat, isInteger } from '../dtype/dtype.ts';
import { type Shape, sizeOf } from '../shape/shape.ts';
import { Picks } from './picks.ts';

/** A value of a program being written: its name in the text, and what is known of it. */
export interface Named {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** A guess at the largest absolute value, to keep numbers moderate. */
  readonly bound: number;
}

/** The text of one operation, and how large its result may be. */
export interface Written {
  readonly text: string;
  readonly bound?: number;
}

/** What an operation sees while it is written: the values there are, and its own choices. */
export class Scope extends Picks {
  readonly values: readonly Named[];

  constructor(values: readonly Named[], numbers: readonly number[]) {
    super(numbers);
    this.values = values;
  }

  /** Some value for which `fits` holds, the latest ones more often; `null` when there is none. */
  value(fits: (value: Named) => boolean): Named | null {
    const found = this.values.filter(fits);
    if (found.length === 0) return null;
    const near = this.below(3) < 2 ? Math.min(4, found.length) : found.length;
    return found[found.length - 1 - this.below(near)];
  }

  any = (): Named | null => this.value(() => true);
  float = (): Named | null => this.value((x) => isFloat(x.dtype));
  integer = (): Named | null => this.value((x) => isInteger(x.dtype));
  number = (): Named | null => this.value((x) => x.dtype !== 'bool');
  /** A float with at least `rank` axes. */
  wide = (rank: number): Named | null => this.value((x) => isFloat(x.dtype) && x.shape.length >= rank);

  /** A value of x's dtype whose shape broadcasts with x's to something small; x itself if there is no other. */
  partner(x: Named): Named {
    return this.value((y) => y.dtype === x.dtype && broadcasts(x.shape, y.shape)) ?? x;
  }

  axis = (x: Named): number => this.below(x.shape.length);

  /** Some of x's axes, at least one when x has any. */
  axes(x: Named): number[] {
    const chosen = x.shape.map((_, i) => i).filter(() => this.below(2) === 1);
    return chosen.length > 0 || x.shape.length === 0 ? chosen : [this.axis(x)];
  }

  /** `{ axis: …, keepDims: … }` for a reduction. */
  reduction(x: Named): string {
    const axes = this.axes(x);
    return `{ axis: [${axes.join(', ')}]${this.below(2) === 1 ? ', keepDims: true' : ''} }`;
  }
}

/** Most elements of any value. */
export const MOST_ELEMENTS = 2500;

function broadcasts(a: Shape, b: Shape): boolean {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 1; i <= rank; i++) {
    const [m, n] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
    if (m !== n && m !== 1 && n !== 1) return false;
    shape.push(m === 1 ? n : m);
  }
  return sizeOf(shape) <= MOST_ELEMENTS;
}

/** Writes one operation; `null` when no value fits. */
export type Operation = (scope: Scope) => Written | null;

/** An operation on one value that `choose` finds. */
export const on =
  (choose: (scope: Scope) => Named | null, write: (x: Named, scope: Scope) => Written | null): Operation =>
  (scope) => {
    const x = choose(scope);
    return x ? write(x, scope) : null;
  };
