import type { DType } from '../../../dtype/dtype.ts';
import { bytesPerElement } from '../../../dtype/dtype.ts';
import { matrixStack } from '../../../shape/matrixStack.ts';
import type { Term } from '../math/terms.ts';
import { Rows, Vector } from './arrays.ts';
import { RoutineCode } from './code.ts';
import { lanesFor, Matrices, unitsFor } from './matrices.ts';
import { CpuRoutine } from './routine.ts';

const MAX_SWEEPS = 60;
/** Entries of other sizes are brought to 1 first, so that no square overflows or vanishes. */
const SAFE_SIZES = { least: 1e-100, largest: 1e100 };

/**
 * Reduced factors by one-sided Jacobi rotations (Hestenes; Golub and Van Loan, "Matrix Computations", 4th edition, 8.6.3) of
 * the shorter lines of a matrix, which become orthogonal. NaN for a matrix that holds NaN or infinity.
 */
export const svdRoutine = new CpuRoutine((eqn) => {
  const [left, , right] = eqn.outputs;
  const { dtype } = left;
  const { count, rows, columns: k } = matrixStack(left);
  const { columns } = matrixStack(right);
  const long = Math.max(rows, columns);
  return {
    units: rows * columns === 0 ? 0 : unitsFor(count),
    scratchBytes: 8 * (lanesFor(count) * k * (long + k) + long * k + 2 * k),
    work: count * 4 * k * k * (5 * long + 2 * k),
    emit(module) {
      const code = new RoutineCode(module, 'svd', 1, 3);
      const jacobi = new Jacobi(code, { rows, columns, count, dtype });
      jacobi.matrices.eachUnit((matrices) => jacobi.factor(matrices));
      jacobi.matrices.release();
      return code.finish();
    },
  };
});

interface Spec {
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  readonly dtype: DType;
}

class Jacobi {
  readonly matrices: Matrices;
  private readonly code: RoutineCode;
  private readonly spec: Spec;
  /** Number and length of the lines. */
  private readonly short: number;
  private readonly long: number;
  private readonly tall: boolean;
  private readonly lines: Term;
  private readonly turns: Term;
  private readonly norms: Vector;
  private readonly left: Rows;
  private readonly order: Term;

  constructor(code: RoutineCode, spec: Spec) {
    this.code = code;
    this.spec = spec;
    const { rows, columns, count } = spec;
    this.matrices = new Matrices(code, count);
    this.short = Math.min(rows, columns);
    this.long = Math.max(rows, columns);
    this.tall = rows >= columns;
    const { short, long } = this;
    const { i } = code;
    this.lines = code.scratch;
    this.turns = i.keep(this.matrices.at(code.scratch, short * long));
    const after = this.matrices.at(code.scratch, short * (long + short));
    this.left = new Rows(code, after, long);
    this.norms = new Vector(code, i.add(after, 8 * long * short));
    this.order = i.keep(i.add(after, 8 * (long * short + short)));
  }

  factor(matrices: readonly Term[]): void {
    const { code, matrices: m, spec, short, long, tall, lines, turns } = this;
    const { i } = code;
    const { real } = m;
    const source = m.addresses(code.operands[0], matrices, short * long, spec.dtype);
    const largest = real.variable();
    largest.set(0);
    code.each(0, short, (line) =>
      code.each(0, long, (at) => {
        const place = tall ? i.add(i.mul(at, short), line) : i.add(i.mul(line, long), at);
        const value = real.keep(m.fetch(source, i.keep(place), spec.dtype));
        largest.set(real.max(largest.get, real.abs(value)));
        m.set(m.at(lines, i.add(i.mul(line, long), at)), value);
      }),
    );
    const fine = m.condition();
    fine.set(real.lt(largest.get, Infinity));
    const unsafe = m.or(real.lt(largest.get, SAFE_SIZES.least), real.lt(SAFE_SIZES.largest, largest.get));
    const scaled = m.and(unsafe, m.and(fine.get, real.lt(0, largest.get)));
    const scale = real.keep(real.select(scaled, largest.get, 1));
    // A matrix without factors stands still as zeros.
    code.each(0, short * long, (at) => {
      const place = i.keep(m.at(lines, at));
      m.set(place, real.select(fine.get, real.div(m.get(place), scale), 0));
    });
    code.each(0, short * short, (at) => m.set(m.at(turns, at), 0));
    code.each(0, short, (at) => m.set(m.at(turns, i.mul(at, short + 1)), 1));
    const start = (line: Term): Term => i.keep(m.at(lines, i.mul(line, long)));
    const total = real.keep(real.sqrt(this.dot(lines, lines, short * long)));
    const settled = this.sweep(total, start);
    fine.set(m.and(fine.get, m.not(settled)));
    matrices.forEach((matrix, lane) => {
      const of = (pair: Term): Term =>
        m.lanes === 1
          ? pair
          : () => {
              pair();
              code.f.f64x2ExtractLane(lane);
            };
      const isFine = real.keep(real.select(fine.get, 1, 0));
      this.store(matrix, lane, of(total), of(scale), of(isFine));
    });
  }

  /** Σ of products along two lines. */
  private dot(p: Term, q: Term, length: number): Term {
    const { code, matrices: m } = this;
    const { i } = code;
    const sum = m.real.variable();
    sum.set(0);
    code.each(
      0,
      length * m.bytes,
      (at) => sum.set(m.real.add(sum.get, m.real.mul(m.get(i.add(p, at)), m.get(i.add(q, at))))),
      m.bytes,
    );
    return m.real.keep(sum.get);
  }

  /** Turns pairs of lines until all are orthogonal; a condition for matrices whose lines are not. */
  private sweep(total: Term, start: (line: Term) => Term): Term {
    const { code, matrices: m, short, long, turns } = this;
    const { f, i } = code;
    const { real } = m;
    const bound = real.keep(real.mul(total, Number.EPSILON));
    const negligible = real.keep(real.mul(bound, bound));
    const moved = m.condition();
    const sweeps = i.variable();
    sweeps.set(0);
    f.repeat((again) => {
      moved.set(real.lt(0, 0));
      code.each(0, short - 1, (p) =>
        code.each(i.add(p, 1), short, (q) => {
          const [lineP, lineQ] = [start(p), start(q)];
          const alpha = this.dot(lineP, lineP, long);
          const beta = this.dot(lineQ, lineQ, long);
          const gamma = this.dot(lineP, lineQ, long);
          const close = real.mul(real.sqrt(real.mul(alpha, beta)), 4 * Number.EPSILON);
          const turned = m.condition();
          turned.set(m.and(real.lt(negligible, real.min(alpha, beta)), real.lt(close, real.abs(gamma))));
          code.if(m.any(turned.get), () => {
            moved.set(m.or(moved.get, turned.get));
            const zeta = real.keep(real.div(real.sub(beta, alpha), real.mul(gamma, 2)));
            const size = real.add(real.abs(zeta), real.sqrt(real.add(real.mul(zeta, zeta), 1)));
            const t = real.keep(real.div(real.select(real.ge(zeta, 0), 1, -1), size));
            const c = real.keep(real.div(1, real.sqrt(real.add(real.mul(t, t), 1))));
            const s = real.keep(real.mul(real.neg(c), t));
            const rotate = (a: Term, b: Term, length: number): void =>
              code.each(
                0,
                length * m.bytes,
                (at) => {
                  const [placeA, placeB] = [i.keep(i.add(a, at)), i.keep(i.add(b, at))];
                  const [x, y] = [real.keep(m.get(placeA)), real.keep(m.get(placeB))];
                  const first = real.add(real.mul(c, x), real.mul(s, y));
                  const second = real.sub(real.mul(c, y), real.mul(s, x));
                  m.set(placeA, real.select(turned.get, first, x));
                  m.set(placeB, real.select(turned.get, second, y));
                },
                m.bytes,
              );
            rotate(lineP, lineQ, long);
            const turn = (line: Term): Term => i.keep(m.at(turns, i.mul(line, short)));
            rotate(turn(p), turn(q), short);
          });
        }),
      );
      sweeps.set(i.add(sweeps.get, 1));
      i.and(i.ne(m.any(moved.get), 0), i.lt(sweeps.get, MAX_SWEEPS))();
      f.brIf(again);
    });
    return moved.get;
  }

  /** Orders and stores the factors of one matrix. */
  private store(matrix: Term, lane: number, total: Term, scale: Term, fine: Term): void {
    const { code, matrices: m, spec, short, long, tall, lines, turns, norms, left, order } = this;
    const { i, n } = code;
    const { rows, columns, dtype } = spec;
    const place = (at: Term): Term => i.add(order, i.shiftLeft(at, 2));
    code.each(0, short, (line) => {
      const start = i.keep(m.at(lines, i.mul(line, long)));
      const square = n.variable();
      square.set(0);
      code.each(0, long, (at) => {
        const value = n.keep(m.one(m.at(start, at), lane));
        square.set(n.add(square.get, n.mul(value, value)));
      });
      const norm = n.keep(n.sqrt(square.get));
      norms.set(line, norm);
      // Insertion from the largest on; equal ones keep their order.
      const hole = i.variable();
      hole.set(line);
      code.while(
        () => i.gt(hole.get, 0),
        (leave) => {
          const before = i.keep(i.load(place(i.sub(hole.get, 1))));
          code.if(n.ge(norms.get(before), norm), leave);
          i.store(place(hole.get), before);
          hole.set(i.sub(hole.get, 1));
        },
      );
      i.store(place(hole.get), line);
    });
    const bytes = bytesPerElement(dtype);
    const starts = [rows * short, short, short * columns].map((size, k) =>
      i.keep(i.add(code.results[k], i.mul(matrix, size * bytes))),
    );
    const put = (output: number, at: Term, value: Term): void => {
      i.add(starts[output], i.mul(at, bytes))();
      n.select(n.eq(fine, 1), value, NaN)();
      if (dtype === 'f64') code.f.f64Store();
      else {
        code.f.f32DemoteF64();
        code.f.f32Store();
      }
    };
    /** Element `at` of singular vector `to`: those of U are columns, those of V rows of the output. */
    const putVector = (ofU: boolean, to: Term, at: Term, value: Term): void =>
      ofU ? put(0, i.add(i.mul(at, short), to), value) : put(2, i.add(i.mul(to, columns), at), value);
    code.each(0, short, (to) => {
      const from = i.keep(i.load(place(to)));
      const norm = n.keep(norms.get(from));
      put(1, to, n.mul(norm, scale));
      code.each(0, short, (at) => putVector(!tall, to, at, m.one(m.at(turns, i.add(i.mul(from, short), at)), lane)));
      const known = i.keep(n.gt(norm, n.mul(total, long * Number.EPSILON)));
      code.if(
        known,
        () =>
          code.each(0, long, (at) =>
            left.set(to, at, n.div(m.one(m.at(lines, i.add(i.mul(from, long), at)), lane), norm)),
          ),
        () => this.complete(to),
      );
      code.each(0, long, (at) => putVector(tall, to, at, left.get(to, at)));
    });
  }

  /** Makes row `to` of the left vectors a unit vector orthogonal to the rows before it. */
  private complete(to: Term): void {
    const { code, left, long } = this;
    const { f, i, n } = code;
    const row = left.row(to);
    const dot = (p: Vector, q: Vector): Term => {
      const sum = n.variable();
      sum.set(0);
      code.each(0, long, (k) => sum.set(n.add(sum.get, n.mul(p.get(k), q.get(k)))));
      return n.keep(sum.get);
    };
    f.block((done) =>
      code.each(0, long, (axis) => {
        code.each(0, long, (k) => row.set(k, n.select(i.eq(k, axis), 1, 0)));
        // Twice is enough: the second pass removes what rounding left.
        for (let pass = 0; pass < 2; pass++) {
          code.each(0, to, (other) => {
            const before = left.row(other);
            const projection = dot(before, row);
            code.each(0, long, (k) => row.set(k, n.sub(row.get(k), n.mul(projection, before.get(k)))));
          });
        }
        const norm = n.keep(n.sqrt(dot(row, row)));
        // Some axis keeps at least 1/√m of its length, since fewer than m rows cannot span them all.
        code.if(n.ge(norm, 0.5 / Math.sqrt(long)), () => {
          code.each(0, long, (k) => row.set(k, n.div(row.get(k), norm)));
          f.br(done);
        });
      }),
    );
  }
}
