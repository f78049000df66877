import { bytesPerElement, type DType } from '../../../dtype/dtype.ts';
import { sizeOf } from '../../../shape/shape.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { Integers, Longs } from '../math/scalars.ts';
import { shared } from '../math/shared.ts';
import type { Term } from '../math/terms.ts';
import { RoutineCode } from './code.ts';
import { CpuRoutine } from './routine.ts';

/** Lines of at most so many elements are sorted by insertion, longer ones by the digits of their keys. */
const INSERTION = 48;
const DIGIT_BITS = 8;
const DIGITS = 32 / DIGIT_BITS;
const BUCKETS = 2 ** DIGIT_BITS;
const COUNT_BYTES = 4 * DIGITS * BUCKETS;
/** About how many nanoseconds one key of an element takes. */
const NANOSECONDS = 15;

const HIGH = 0x80000000 | 0;
const INFINITY_BITS = 0x7f800000;

/**
 * Sorts records of 64 bits, a key of 32 bits above the place that it came from, by their keys: stable, in linear time for long
 * lines. Two buffers of records take turns, and counts of digits lie behind them.
 */
function sortRecords(module: ModuleBuilder): FunctionBuilder {
  return shared(module, 'sortRecords', () => {
    // Records, a buffer of the same size, counts, number of records → where the sorted records lie.
    const f = module.func('sortRecords', ['i32', 'i32', 'i32', 'i32'], ['i32']);
    const i = new Integers(f);
    const l = new Longs(f);
    const [records, buffer, counts, size] = [0, 1, 2, 3].map((at) => i.local(at));
    const end = i.keep(i.add(records, i.shiftLeft(size, 3)));
    const give = (term: Term): void => {
      term();
      f.return();
    };
    i.le(size, INSERTION)();
    f.if(() => {
      insertion(f, i, l, records, end);
      give(records);
    });
    countDigits(f, i, l, records, end, counts);
    const [from, to] = [i.variable(), i.variable()];
    from.set(records);
    to.set(buffer);
    for (let digit = 0; digit < DIGITS; digit++) {
      const table = i.keep(i.add(counts, 4 * BUCKETS * digit));
      const shift = 32 + DIGIT_BITS * digit;
      // A digit that all keys share changes nothing.
      i.ne(i.load(i.add(table, bucketOf(i, f, l.load(from.get), shift))), size)();
      f.if(() => {
        startsOf(f, i, table);
        scatter(f, i, l, from.get, to.get, size, table, shift);
        const other = i.keep(from.get);
        from.set(to.get);
        to.set(other);
      });
    }
    from.get();
    i.release();
    l.release();
    return f;
  });
}

/** The offset of the count of a record's digit. */
function bucketOf(i: Integers, f: FunctionBuilder, record: Term, shift: number): Term {
  const digit: Term = () => {
    record();
    f.i64Const(BigInt(shift));
    f.i64ShrU();
    f.i32WrapI64();
  };
  return i.shiftLeft(i.and(digit, BUCKETS - 1), 2);
}

/** A loop over addresses [from, to) that runs at least once. */
function through(f: FunctionBuilder, i: Integers, from: Term, to: Term, step: number, body: (at: Term) => void): void {
  const at = i.variable();
  at.set(from);
  f.repeat((again) => {
    body(at.get);
    at.set(i.add(at.get, step));
    i.ltU(at.get, to)();
    f.brIf(again);
  });
}

function insertion(f: FunctionBuilder, i: Integers, l: Longs, records: Term, end: Term): void {
  const next = i.keep(i.add(records, 8));
  i.ltU(next, end)();
  f.if(() =>
    through(f, i, next, end, 8, (at) => {
      const record = l.keep(l.load(at));
      const key = l.keep(l.shiftRight(record, 32));
      const hole = i.variable();
      hole.set(at);
      f.block((found) =>
        f.repeat((again) => {
          const before = l.keep(l.load(i.sub(hole.get, 8)));
          // Equal keys keep their order.
          i.not(l.lt(key, l.shiftRight(before, 32)))();
          f.brIf(found);
          l.store(hole.get, before);
          hole.set(i.sub(hole.get, 8));
          i.ltU(records, hole.get)();
          f.brIf(again);
        }),
      );
      l.store(hole.get, record);
    }),
  );
}

function countDigits(f: FunctionBuilder, i: Integers, l: Longs, records: Term, end: Term, counts: Term): void {
  counts();
  f.i32Const(0);
  f.i32Const(COUNT_BYTES);
  f.memoryFill();
  through(f, i, records, end, 8, (at) => {
    const record = l.keep(l.load(at));
    for (let digit = 0; digit < DIGITS; digit++) {
      const bucket = bucketOf(i, f, record, 32 + DIGIT_BITS * digit);
      const count = i.keep(i.add(counts, bucket));
      const offset = 4 * BUCKETS * digit;
      i.store(count, i.add(i.load(count, offset), 1), offset);
    }
  });
}

/** Turns counts into the places where the buckets begin. */
function startsOf(f: FunctionBuilder, i: Integers, table: Term): void {
  const sum = i.variable();
  sum.set(0);
  through(f, i, table, i.keep(i.add(table, 4 * BUCKETS)), 4, (at) => {
    const count = i.keep(i.load(at));
    i.store(at, sum.get);
    sum.set(i.add(sum.get, count));
  });
}

function scatter(
  f: FunctionBuilder,
  i: Integers,
  l: Longs,
  from: Term,
  to: Term,
  size: Term,
  table: Term,
  shift: number,
): void {
  through(f, i, from, i.keep(i.add(from, i.shiftLeft(size, 3))), 8, (at) => {
    const record = l.keep(l.load(at));
    const bucket = i.keep(i.add(table, bucketOf(i, f, record, shift)));
    const place = i.keep(i.load(bucket));
    i.store(bucket, i.add(place, 1));
    l.store(i.add(to, i.shiftLeft(place, 3)), record);
  });
}

/** 32 bits of a key whose order as unsigned integers is that of the elements; of float64 the `upper` or the lower ones. */
function keyBits(code: RoutineCode, dtype: DType, address: Term, upper: boolean): Term {
  const { f, i } = code;
  if (dtype === 'u32' || dtype === 'bool') return i.load(address);
  if (dtype === 'i32') return i.xor(i.load(address), HIGH);
  if (dtype === 'f32') {
    const bits = i.keep(i.load(address));
    // −0 is 0, and every NaN comes last.
    const plain = i.select(i.eq(bits, HIGH), 0, bits);
    const ordered = i.xor(plain, i.or(i.shiftRightSigned(plain, 31), HIGH));
    return i.select(i.gt(i.and(bits, 0x7fffffff), INFINITY_BITS), -1, ordered);
  }
  const [high, low] = [i.keep(i.load(address, 4)), i.keep(i.load(address))];
  const zero = i.eq(i.or(i.and(high, 0x7fffffff), low), 0);
  const value: Term = () => {
    address();
    f.f64Load();
  };
  const isNaN = code.n.ne(value, value);
  const sign = i.shiftRightSigned(high, 31);
  const ordered = upper ? i.xor(high, i.or(sign, HIGH)) : i.xor(low, sign);
  return i.select(isNaN, -1, i.select(zero, upper ? HIGH : 0, ordered));
}

/** Operands reordered together along the last axis, by the first of them. Lines are units. */
export const sortRoutine = new CpuRoutine((eqn) => {
  const { shape } = eqn.outputs[0];
  const dtypes = eqn.outputs.map(({ dtype }) => dtype);
  const { numKeys } = eqn.params as { numKeys: number };
  const extent = shape[shape.length - 1];
  const size = sizeOf(shape);
  const recordBytes = 8 * extent;
  return {
    units: size === 0 ? 0 : size / extent,
    scratchBytes: 2 * recordBytes + COUNT_BYTES,
    work: size * NANOSECONDS * numKeys,
    emit(module) {
      const sorter = sortRecords(module);
      const code = new RoutineCode(module, 'sort', dtypes.length, dtypes.length);
      const { f, i, operands, results } = code;
      const l = new Longs(f);
      const buffer = i.keep(i.add(code.scratch, recordBytes));
      const counts = i.keep(i.add(code.scratch, 2 * recordBytes));
      const address = (base: Term, at: Term, dtype: DType): Term => i.add(base, i.mul(at, bytesPerElement(dtype)));
      code.each(code.from, code.to, (unit) => {
        const line = i.keep(i.mul(unit, extent));
        const starts = [...operands, ...results].map((base, k) =>
          i.keep(address(base, line, dtypes[k % dtypes.length])),
        );
        const records = i.variable();
        records.set(code.scratch);
        let first = true;
        // From the last key to the first, each sorted without disturbing the order of the ones after it.
        for (let key = numKeys - 1; key >= 0; key--) {
          const dtype = dtypes[key];
          for (const upper of dtype === 'f64' ? [false, true] : [true]) {
            const begins = first;
            code.each(0, extent, (k) => {
              const record = i.keep(i.add(records.get, i.shiftLeft(k, 3)));
              const place = i.keep(begins ? k : i.load(record));
              i.store(record, keyBits(code, dtype, i.keep(address(starts[key], place, dtype)), upper), 4);
              if (begins) i.store(record, place);
            });
            first = false;
            const other = i.keep(i.sub(i.add(code.scratch, buffer), records.get));
            for (const argument of [records.get, other, counts]) argument();
            f.i32Const(extent);
            f.call(sorter);
            f.localSet(records.index);
          }
        }
        code.each(0, extent, (k) => {
          const place = i.keep(i.load(i.add(records.get, i.shiftLeft(k, 3))));
          dtypes.forEach((dtype, n) => {
            const from = address(starts[n], place, dtype);
            const to = address(starts[dtypes.length + n], k, dtype);
            if (dtype === 'f64') l.store(to, l.load(from));
            else i.store(to, i.load(from));
          });
        });
      });
      l.release();
      return code.finish();
    },
  };
});
