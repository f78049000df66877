import { cumulativeRoutine } from '../backends/wasm/routines/cumulative.ts';
import type { DType } from '../dtype/dtype.ts';
import { isInteger } from '../dtype/dtype.ts';
import type { Lax } from '../program/lax.ts';
import type { Primitive } from '../program/program.ts';
import { refArray, refData } from '../program/refArray.ts';
import type { Value } from '../program/value.ts';
import { normalizeAxis, sizeOf } from '../shape/shape.ts';
import { bind } from '../trace/bind.ts';
import { mulPrimitive } from './arithmetic.ts';
import { FLOATS, NUMBERS } from './elementwise.ts';
import { maxPrimitive, minPrimitive } from './extremes.ts';
import { commonDType } from './operand.ts';

interface CumulativeParams {
  readonly axis: number;
  readonly reverse: boolean;
}

/** A running value with its tangent. */
type Moving = readonly [value: Value, tangent: Value];

interface CumulativeSpec {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** Combines the running value with the next element. */
  readonly combine: (dtype: DType) => (running: number, x: number) => number;
  /** For an operation that is not linear: joins two neighbouring stretches by value and tangent. */
  readonly join?: (lax: Lax, earlier: Moving, later: Moving) => Moving;
  /** The value that changes nothing. */
  readonly neutral: number;
}

function cumulative({ name, dtypes, combine, join, neutral }: CumulativeSpec): Primitive {
  const primitive: Primitive = {
    name,
    kind: 'opaque',
    lowering: { as: 'call', code: [cumulativeRoutine] },
    shape([x], { axis }: CumulativeParams) {
      normalizeAxis(name, axis, x.shape.length);
      return [{ shape: x.shape, dtype: commonDType(name, [x], dtypes) }];
    },
    jvp(lax, [x], [dx], params: CumulativeParams) {
      const outputs = bind(primitive, [x], params);
      if (!dx) return { outputs, tangents: [null] };
      return {
        outputs,
        tangents: join ? [alongDoubling(lax, join, neutral, x, dx, params)] : bind(primitive, [dx], params),
      };
    },
    transpose: join
      ? undefined
      : (_lax, [ct], _inputs, _linear, { axis, reverse }: CumulativeParams) => [
          ct && bind(primitive, [ct], { axis, reverse: !reverse })[0],
        ],
    batch: (_lax, _size, inputs, _batched, { axis, reverse }: CumulativeParams) => ({
      outputs: bind(primitive, inputs, { axis: axis + 1, reverse }),
      batched: [true],
    }),
    evaluate([x], { axis, reverse }: CumulativeParams, [output]) {
      const data = refData(x.dtype, x.data.length);
      const extent = x.shape[axis];
      const step = sizeOf(x.shape.slice(axis + 1));
      const next = combine(x.dtype);
      for (let line = 0; line < x.data.length / Math.max(1, extent); line++) {
        const start = Math.floor(line / step) * step * extent + (line % step);
        let running = neutral;
        for (let i = 0; i < extent; i++) {
          const at = start + (reverse ? extent - 1 - i : i) * step;
          running = i === 0 ? x.data[at] : next(running, x.data[at]);
          data[at] = running;
        }
      }
      return [refArray(output.shape, x.dtype, data)];
    },
  };
  return primitive;
}

/**
 * The tangent of a running operation in log2(n) steps: stretches of doubling length are joined with the ones
 * before them (Hillis and Steele, 1986), so that no division is needed.
 */
function alongDoubling(
  lax: Lax,
  join: NonNullable<CumulativeSpec['join']>,
  neutral: number,
  x: Value,
  dx: Value,
  { axis, reverse }: CumulativeParams,
): Value {
  const extent = x.shape[axis];
  const only = (along: number): number[] => x.shape.map((_, i) => (i === axis ? along : 0));
  const shifted = (value: Value, distance: number, fill: number): Value => {
    const kept = x.shape.map((own, i) => (i === axis ? extent - distance : own));
    if (reverse) return lax.pad(lax.slice(value, only(distance), x.shape), only(0), only(distance), fill);
    return lax.pad(lax.slice(value, only(0), kept), only(distance), only(0), fill);
  };
  let running: Moving = [x, dx];
  for (let distance = 1; distance < extent; distance *= 2) {
    running = join(lax, [shifted(running[0], distance, neutral), shifted(running[1], distance, 0)], running);
  }
  return running[1];
}

/** Joins by a primitive of two operands, whose own derivative gives the tangent. */
const joinBy =
  (primitive: Primitive) =>
  (lax: Lax, [x, dx]: Moving, [y, dy]: Moving): Moving => {
    const { outputs, tangents } = primitive.jvp!(lax, [x, y], [dx, dy], {});
    return [outputs[0], tangents[0]!];
  };

/** `log(exp(x) + exp(y))`, also where both are minus infinity. */
function joinLogSumExp(lax: Lax, [x, dx]: Moving, [y, dy]: Moving): Moving {
  const high = lax.max(x, y);
  const low = lax.min(x, y);
  const gap = lax.select(lax.eq(low, high), 0, lax.sub(low, high));
  const sum = lax.add(high, lax.log1p(lax.exp(gap)));
  // Where nothing has weight yet the shares are exp(-inf - 0) = 0.
  const base = lax.select(lax.eq(sum, -Infinity), 0, sum);
  const share = (value: Value): Value => lax.exp(lax.sub(value, base));
  return [sum, lax.add(lax.mul(dx, share(x)), lax.mul(dy, share(y)))];
}

export function logAddExp(x: number, y: number): number {
  const high = Math.max(x, y);
  return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(x, y) - high));
}

/** Running sum along `axis`, from the end with `reverse`. */
export const cumSumPrimitive = cumulative({
  name: 'cumSum',
  dtypes: NUMBERS,
  combine: () => (sum, x) => sum + x,
  neutral: 0,
});

/** Running product. */
export const cumProdPrimitive = cumulative({
  name: 'cumProd',
  dtypes: NUMBERS,
  combine: (dtype) => (isInteger(dtype) ? Math.imul : (product, x) => product * x),
  join: joinBy(mulPrimitive),
  neutral: 1,
});

/** Running maximum; where elements tie, the derivative is shared. */
export const cumMaxPrimitive = cumulative({
  name: 'cumMax',
  dtypes: NUMBERS,
  combine: () => Math.max,
  join: joinBy(maxPrimitive),
  neutral: -Infinity,
});

/** Running minimum; where elements tie, the derivative is shared. */
export const cumMinPrimitive = cumulative({
  name: 'cumMin',
  dtypes: NUMBERS,
  combine: () => Math.min,
  join: joinBy(minPrimitive),
  neutral: Infinity,
});

/** Running `log(sum(exp(x)))`, without overflow. */
export const cumLogSumExpPrimitive = cumulative({
  name: 'cumLogSumExp',
  dtypes: FLOATS,
  combine: () => logAddExp,
  join: joinLogSumExp,
  neutral: -Infinity,
});

const along =
  (primitive: Primitive) =>
  (x: Value, axis: number, reverse = false): Value =>
    bind(primitive, [x], { axis: normalizeAxis(primitive.name, axis, x.shape.length), reverse })[0];

export const cumSum = along(cumSumPrimitive);
export const cumProd = along(cumProdPrimitive);
export const cumMax = along(cumMaxPrimitive);
export const cumMin = along(cumMinPrimitive);
export const cumLogSumExp = along(cumLogSumExpPrimitive);
