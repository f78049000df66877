import type { Operand, Term } from '../math/terms.ts';
import { type Elements, Rows, Vector } from './arrays.ts';
import type { RoutineCode } from './code.ts';

/** Steps of the iteration allowed per eigenvalue; a few are enough. */
const STEPS_PER_VALUE = 60;
/** Entries of other sizes are brought to 1 first, so that no square overflows or vanishes. */
const SAFE_SIZES = { least: 1e-100, largest: 1e100 };
/** Beside a largest entry of that size, what is smaller than this is 0; its square may vanish before it does. */
const NOTHING = 1e-145;

/**
 * Eigenvalues (ascending) and eigenvectors (as rows) of a symmetric matrix: reduction to tridiagonal form by Householder
 * reflections, then implicit QR steps with Wilkinson's shift (Golub and Van Loan, "Matrix Computations", 4th edition, 8.3).
 * NaN for a matrix that holds NaN or infinity.
 */
export class SymmetricEigen {
  /** The matrix, which `run` overwrites. */
  readonly matrix: Rows;
  readonly vectors: Rows;
  readonly values: Vector;
  private readonly code: RoutineCode;
  private readonly size: number;
  private readonly beside: Vector;
  private readonly v: Vector;
  private readonly w: Vector;

  static bytes(size: number): number {
    return 8 * (2 * size * size + 4 * size);
  }

  constructor(code: RoutineCode, size: number, scratch: Term) {
    this.code = code;
    this.size = size;
    const square = 8 * size * size;
    const after = (bytes: number): Term => code.i.add(scratch, bytes);
    this.matrix = new Rows(code, scratch, size);
    this.vectors = new Rows(code, after(square), size);
    const [values, beside, v, w] = [0, 1, 2, 3].map((k) => new Vector(code, after(2 * square + 8 * size * k)));
    this.values = values;
    this.beside = beside;
    this.v = v;
    this.w = w;
  }

  /** Puts the symmetric part of a matrix into `matrix`. */
  take(elements: Elements): void {
    const { code, size, matrix } = this;
    const { i, n } = code;
    const element = (row: Term, column: Term): Term => elements.get(i.add(i.mul(row, size), column));
    code.each(0, size, (row) =>
      code.each(0, size, (column) =>
        matrix.set(row, column, n.mul(n.add(element(row, column), element(column, row)), 0.5)),
      ),
    );
  }

  run(): void {
    const { code, size, matrix, vectors, values, beside } = this;
    const { i, n } = code;
    const scale = this.bringToSafeSize();
    code.each(0, size, (row) =>
      code.each(0, size, (column) => vectors.set(row, column, n.select(i.eq(row, column), 1, 0))),
    );
    code.each(0, size - 2, (k) => this.reflectColumn(k));
    code.each(0, size, (k) => values.set(k, matrix.get(k, k)));
    code.each(0, size - 1, (k) => beside.set(k, matrix.get(k, i.add(k, 1))));
    const fine = i.keep(i.and(n.eq(scale, scale), this.diagonalize()));
    code.if(
      fine,
      () => {
        this.sortAscending();
        code.each(0, size, (k) => values.set(k, n.mul(values.get(k), scale)));
      },
      () => {
        code.each(0, size, (k) => values.set(k, NaN));
        code.each(0, size, (row) => code.each(0, size, (column) => vectors.set(row, column, NaN)));
      },
    );
  }

  /** Divides by the largest entry where squares of entries would overflow or vanish; the divisor, NaN where there is none. */
  private bringToSafeSize(): Term {
    const { code, size, matrix } = this;
    const { n, i } = code;
    const largest = n.variable();
    largest.set(0);
    const eachEntry = (body: (row: Term, column: Term) => void): void =>
      code.each(0, size, (row) => code.each(0, size, (column) => body(row, column)));
    eachEntry((row, column) => largest.set(n.max(largest.get, n.abs(matrix.get(row, column)))));
    const scale = n.variable();
    scale.set(n.select(n.lt(largest.get, Infinity), 1, NaN));
    const unsafe = i.or(n.lt(largest.get, SAFE_SIZES.least), n.gt(largest.get, SAFE_SIZES.largest));
    code.if(i.and(i.and(n.gt(largest.get, 0), n.lt(largest.get, Infinity)), unsafe), () => {
      scale.set(largest.get);
      eachEntry((row, column) => matrix.set(row, column, n.div(matrix.get(row, column), largest.get)));
    });
    return scale.get;
  }

  /** Makes column k tridiagonal by a reflection, which the rows of `vectors` collect. */
  private reflectColumn(k: Term): void {
    const { code, size, matrix, vectors, v, w } = this;
    const { n, i } = code;
    const next = i.keep(i.add(k, 1));
    const square = n.variable();
    square.set(0);
    code.each(next, size, (at) => {
      const value = n.keep(matrix.get(at, k));
      v.set(at, value);
      square.set(n.add(square.get, n.mul(value, value)));
    });
    const leading = n.keep(v.get(next));
    const tail = n.keep(n.sub(square.get, n.mul(leading, leading)));
    code.if(n.ge(tail, NOTHING * NOTHING), () => {
      const norm = n.keep(n.sqrt(square.get));
      const moved = n.keep(n.add(leading, n.select(n.ge(leading, 0), norm, n.neg(norm))));
      v.set(next, moved);
      const scale = n.keep(n.div(2, n.add(tail, n.mul(moved, moved))));
      // With p = scale A v and w = p - scale/2 (v·p) v, the reflected matrix is A - v wᵀ - w vᵀ.
      const projection = n.variable();
      projection.set(0);
      code.each(k, size, (at) => {
        const row = matrix.row(at);
        const sum = n.variable();
        sum.set(0);
        code.each(next, size, (j) => sum.set(n.add(sum.get, n.mul(row.get(j), v.get(j)))));
        const value = n.keep(n.mul(scale, sum.get));
        w.set(at, value);
        code.if(i.gt(at, k), () => projection.set(n.add(projection.get, n.mul(v.get(at), value))));
      });
      v.set(k, 0);
      const part = n.keep(n.mul(n.mul(scale, 0.5), projection.get));
      code.each(k, size, (at) => w.set(at, n.sub(w.get(at), n.mul(part, v.get(at)))));
      code.each(k, size, (at) => {
        const row = matrix.row(at);
        const [vAt, wAt] = [n.keep(v.get(at)), n.keep(w.get(at))];
        code.each(k, size, (j) => row.set(j, n.sub(row.get(j), n.add(n.mul(vAt, w.get(j)), n.mul(wAt, v.get(j))))));
      });
      // The rows of `vectors` from k + 1 on, less scale v (vᵀ rows).
      code.each(0, size, (j) => w.set(j, 0));
      code.each(next, size, (at) => {
        const [row, vAt] = [vectors.row(at), n.keep(v.get(at))];
        code.each(0, size, (j) => w.set(j, n.add(w.get(j), n.mul(vAt, row.get(j)))));
      });
      code.each(next, size, (at) => {
        const [row, factor] = [vectors.row(at), n.keep(n.mul(scale, v.get(at)))];
        code.each(0, size, (j) => row.set(j, n.sub(row.get(j), n.mul(factor, w.get(j)))));
      });
    });
  }

  /** Drives the elements beside the diagonal to zero, from the end of the matrix to its start; whether it could. */
  private diagonalize(): Term {
    const { code, size, beside, values } = this;
    const { i, n } = code;
    const [high, low, steps, fine] = [i.variable(), i.variable(), i.variable(), i.variable()];
    high.set(size - 1);
    steps.set(STEPS_PER_VALUE * size);
    fine.set(1);
    const isNegligible = (k: Term): Term => {
      const around = n.add(n.abs(values.get(k)), n.abs(values.get(i.add(k, 1))));
      return n.le(n.abs(beside.get(k)), n.max(n.mul(around, Number.EPSILON), NOTHING));
    };
    code.while(
      () => i.gt(high.get, 0),
      (leave) => {
        const before = i.keep(i.sub(high.get, 1));
        code.if(
          isNegligible(before),
          () => {
            high.set(before);
            beside.set(before, 0);
          },
          () => {
            low.set(before);
            code.while(
              () => i.gt(low.get, 0),
              (found) => {
                code.if(isNegligible(i.keep(i.sub(low.get, 1))), found);
                low.set(i.sub(low.get, 1));
              },
            );
            code.if(i.eq(steps.get, 0), () => {
              fine.set(0);
              leave();
            });
            steps.set(i.sub(steps.get, 1));
            this.shiftedStep(low.get, high.get);
          },
        );
      },
    );
    return fine.get;
  }

  /** One implicit QR step on the rows `low` to `high`: a bulge is chased down by rotations of neighbours. */
  private shiftedStep(low: Term, high: Term): void {
    const { code, values: d, beside: e, vectors, size } = this;
    const { i, n } = code;
    const before = i.keep(i.sub(high, 1));
    const [dHigh, last] = [n.keep(d.get(high)), n.keep(e.get(before))];
    const half = n.keep(n.div(n.sub(d.get(before), dHigh), 2));
    const square = n.keep(n.mul(last, last));
    const root = n.sqrt(n.add(n.mul(half, half), square));
    const shift = n.sub(dHigh, n.div(square, n.add(half, n.mul(n.select(n.ge(half, 0), 1, -1), root))));
    const [x, z] = [n.variable(), n.variable()];
    x.set(n.sub(d.get(low), shift));
    z.set(e.get(low));
    code.each(low, high, (k) => {
      const next = i.keep(i.add(k, 1));
      const r = n.keep(n.sqrt(n.add(n.mul(x.get, x.get), n.mul(z.get, z.get))));
      const still = i.keep(n.eq(r, 0));
      const c = n.keep(n.select(still, 1, n.div(x.get, r)));
      const s = n.keep(n.select(still, 0, n.div(z.get, r)));
      code.if(i.gt(k, low), () => e.set(i.sub(k, 1), r));
      const [a, b, g] = [n.keep(d.get(k)), n.keep(e.get(k)), n.keep(d.get(next))];
      const [cc, ss] = [n.keep(n.mul(c, c)), n.keep(n.mul(s, s))];
      const cross = n.keep(n.mul(n.mul(n.mul(2, c), s), b));
      d.set(k, n.add(n.add(n.mul(cc, a), cross), n.mul(ss, g)));
      d.set(next, n.add(n.sub(n.mul(ss, a), cross), n.mul(cc, g)));
      const rotated = n.keep(n.add(n.mul(n.mul(c, s), n.sub(g, a)), n.mul(n.sub(cc, ss), b)));
      e.set(k, rotated);
      code.if(i.lt(k, before), () => {
        const ahead = n.keep(e.get(next));
        x.set(rotated);
        z.set(n.mul(s, ahead));
        e.set(next, n.mul(ahead, c));
      });
      rotateRows(code, vectors.row(k), vectors.row(next), size, c, s);
    });
  }

  /** Sorts values, and with them the rows of `vectors`, by selection. */
  private sortAscending(): void {
    const { code, size, values, vectors } = this;
    const { i, n } = code;
    code.each(0, size - 1, (to) => {
      const from = i.variable();
      from.set(to);
      code.each(i.add(to, 1), size, (k) => code.if(n.lt(values.get(k), values.get(from.get)), () => from.set(k)));
      code.if(i.ne(from.get, to), () => {
        swap(code, values, values, to, from.get);
        const [p, q] = [vectors.row(to), vectors.row(from.get)];
        code.each(0, size, (j) => swap(code, p, q, j, j));
      });
    });
  }
}

function swap({ n }: RoutineCode, p: Vector, q: Vector, j: Operand, k: Operand): void {
  const value = n.keep(p.get(j));
  p.set(j, q.get(k));
  q.set(k, value);
}

/** Rotates two rows: `(c p + s q, c q − s p)`. */
function rotateRows(code: RoutineCode, p: Vector, q: Vector, length: number, c: Term, s: Term): void {
  const { n } = code;
  code.each(0, length, (k) => {
    const [a, b] = [n.keep(p.get(k)), n.keep(q.get(k))];
    p.set(k, n.add(n.mul(c, a), n.mul(s, b)));
    q.set(k, n.sub(n.mul(c, b), n.mul(s, a)));
  });
}
