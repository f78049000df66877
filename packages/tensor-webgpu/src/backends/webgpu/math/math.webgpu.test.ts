import { describe, expect, test } from 'vitest';
import type { DType } from '../../../dtype/dtype.ts';
import { digamma as exactDigamma, polygamma as exactPolygamma, logGamma } from '../../../primitives/special/gamma.ts';
import { logGammaQuantileSlope } from '../../../primitives/special/gammaQuantile.ts';
import { primitives } from '../../../primitives/table.ts';
import type { Params } from '../../../program/aval.ts';
import { refArray } from '../../../program/refArray.ts';
import { exactFunctions, ulpsBetween } from '../../wasm/math/exact-values.ts';
import { bytesOf, dispatch, storageBuffer, testDevice, type Words } from '../testing/kernel.ts';
import { type BoundedName, ulpBounds, wgslBitcast, wgslCode, wgslModule, wgslNumber } from './index.ts';

const exact: Readonly<Record<BoundedName, (x: number, y: number) => number>> = exactFunctions;

const LEAST_NORMAL = 2 ** -126;
const SAMPLES = 1 << 17;
const SPECIALS = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -3,
  10,
  Infinity,
  -Infinity,
  NaN,
  LEAST_NORMAL,
  -LEAST_NORMAL,
  (2 - 2 ** -23) * 2 ** 127,
  -(2 - 2 ** -23) * 2 ** 127,
  1 - 2 ** -24,
  2 ** -24 - 1,
  1 + 2 ** -23,
  2 ** 23 + 1,
  2 ** 24,
  2 ** 25,
  -(2 ** 31),
  88.72283,
  88.722839,
  -87.33654,
  200,
  200.00002,
  33554432,
  33554436,
  8.5e37,
  16367173 * 2 ** 72,
].map(Math.fround);

/** A sequence of 32-bit words (Weyl steps through a mixing function). */
function words(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** All exponents and both signs by random bits, then the ranges where functions bend, then pairs of special values. */
function samples(operands: 1 | 2): Float32Array<ArrayBuffer>[] {
  const word = words(1);
  const [x, y] = [new Float32Array(SAMPLES), new Float32Array(SAMPLES)];
  const [bitsOfX, bitsOfY] = [new Uint32Array(x.buffer), new Uint32Array(y.buffer)];
  const ranges = [1, 2, 6, 20, 110, 1000];
  for (let i = 0; i < SAMPLES; i++) {
    const range = ranges[word() % ranges.length];
    const dense = () => range * (word() / 2 ** 31 - 1);
    if (i % 2 === 0) bitsOfX[i] = word();
    else x[i] = dense();
    if (i % 3 === 0) bitsOfY[i] = word();
    else y[i] = dense();
    // Powers of negative numbers are NaN nearly everywhere: most bases shall be positive.
    if (operands === 2 && i % 8 !== 0) x[i] = Math.abs(x[i]);
  }
  SPECIALS.forEach((a, i) => {
    if (operands === 1) x[i] = a;
    else
      SPECIALS.forEach((b, j) => {
        x[i * SPECIALS.length + j] = a;
        y[i * SPECIALS.length + j] = b;
      });
  });
  return operands === 1 ? [x] : [x, y];
}

const wordType = (dtype: DType) => (dtype === 'bool' ? 'u32' : dtype);

/** The values of a scalar code on arrays of operands. */
async function apply(
  code: string,
  operands: readonly { dtype: DType; data: Words }[],
  result: DType,
  { params = {}, output }: { params?: Params; output?: number } = {},
): Promise<ArrayBuffer> {
  const device = await testDevice();
  const scalar = wgslCode(
    code,
    operands.map(({ dtype }) => dtype),
    result,
    params,
  );
  if (!scalar) throw new Error(`${code} has no code here.`);
  const { length } = operands[0].data;
  const bindings = [...operands.map(({ dtype }) => dtype), result].map(
    (dtype, i) => `@group(0) @binding(${i}) var<storage, read_write> b${i}: array<${wordType(dtype)}>;`,
  );
  const reads = operands.map((_, i) => `let a${i} = b${i}[i];`).join(' ');
  const call = scalar.call(operands.map((_, i) => `a${i}`)) + (output === undefined ? '' : `[${output}]`);
  const source = `${bindings.join('\n')}
${wgslModule(scalar.needs)}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= ${length}u) { return; }
  ${reads}
  b${operands.length}[i] = ${call};
}`;
  const buffers = [...operands.map(({ data }) => storageBuffer(device, data)), storageBuffer(device, 4 * length)];
  await dispatch(device, [{ source, buffers, workgroups: [Math.ceil(length / 64), 1, 1] }]);
  const bytes = await bytesOf(device, buffers[operands.length]);
  for (const buffer of buffers) buffer.destroy();
  return bytes.slice(0, 4 * length);
}

const arrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array, f64: Float64Array };
const isDenormal = (x: number) => x !== 0 && Math.abs(x) < LEAST_NORMAL;

describe('functions of floats', () => {
  test.for(Object.entries(ulpBounds) as [BoundedName, number][])('%s errs by at most %f ULP', async ([name, bound]) => {
    const data = samples(exact[name].length === 2 && !['sqrt'].includes(name) ? 2 : 1);
    const got = new Float32Array(
      await apply(
        name,
        data.map((each) => ({ dtype: 'f32', data: each })),
        'f32',
      ),
    );
    let worst = { ulps: 0, x: NaN, y: NaN, got: NaN, exact: NaN };
    for (let i = 0; i < SAMPLES; i++) {
      const [x, y] = [data[0][i], data[1]?.[i] ?? 0];
      const wanted = exact[name](x, y);
      // A device may take denormal numbers as zeros, and give zeros for them.
      if (isDenormal(x) || isDenormal(y) || Math.abs(wanted) < 2 * LEAST_NORMAL) continue;
      const ulps = ulpsBetween(got[i], wanted);
      if (ulps > worst.ulps) worst = { ulps, x, y, got: got[i], exact: wanted };
    }
    expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(bound);
  });
});

describe('gamma functions', () => {
  /** Errors in units of the result, or of 1 where the function crosses zero. */
  const worstError = (
    x: Float32Array,
    got: Float32Array,
    exactly: (x: number) => number,
    scale: (x: number) => number,
  ) => {
    let worst = { error: 0, x: NaN, got: NaN, exact: NaN };
    x.forEach((each, i) => {
      const wanted = exactly(each);
      if (isDenormal(each) || isDenormal(wanted) || Math.abs(wanted) >= 2 ** 128) return;
      if (Number.isNaN(wanted) || Math.abs(wanted) === Infinity) expect([each, got[i]]).toEqual([each, wanted]);
      const error = Math.abs(got[i] - wanted) / Math.max(Math.abs(wanted), scale(each)) / 2 ** -24;
      if (error > worst.error) worst = { error, x: each, got: got[i], exact: wanted };
    });
    return worst;
  };
  const draws = (): Float32Array<ArrayBuffer> => {
    const [x] = samples(1);
    // Below 0 these functions are told by the distance to the next pole, which large floats do not have.
    return x.map((each) => (each < -20 ? -each : each));
  };

  test.for([
    ['lgamma', logGamma, 0, 12],
    ['digamma', exactDigamma, 0, 12],
    ['polygamma', (x: number) => exactPolygamma(1, x), 1, 16],
    ['polygamma', (x: number) => exactPolygamma(2, x), 2, 24],
    ['polygamma', (x: number) => exactPolygamma(5, x), 5, 40],
  ] as const)('%s', async ([name, exactly, order, bound]) => {
    const x = draws();
    const got = new Float32Array(await apply(name, [{ dtype: 'f32', data: x }], 'f32', { params: { order } }));
    // Of positive numbers relative to the result; below 0 the reflection's parts of opposite sign may cancel.
    const scale = (each: number) => (each > 0 ? (name === 'lgamma' ? 0 : name === 'digamma' ? 0.3 : 0) : 4);
    const worst = worstError(x, got, exactly, scale);
    expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(bound);
  });

  test('the slope of gamma quantiles is good to a thousandth', async () => {
    const alpha = new Float32Array(4000);
    const logX = new Float32Array(4000);
    alpha.forEach((_, i) => {
      alpha[i] = 10 ** (-1 + (4 * (i % 63)) / 62);
      // Around the mean, by up to three standard deviations.
      const deviation = ((i * 7919) % 61) / 10 - 3;
      logX[i] = Math.log(alpha[i]) + deviation / Math.sqrt(alpha[i] + 1);
    });
    const operands = [alpha, logX].map((data) => ({ dtype: 'f32' as const, data }));
    const got = new Float32Array(await apply('gammaQuantileSlope', operands, 'f32'));
    let worst = { error: 0, alpha: NaN, logX: NaN, got: NaN, exact: NaN };
    got.forEach((each, i) => {
      const wanted = logGammaQuantileSlope(alpha[i], logX[i]);
      const error = Math.abs(each - wanted) / Math.abs(wanted);
      if (!(error <= worst.error)) worst = { error, alpha: alpha[i], logX: logX[i], got: each, exact: wanted };
    });
    expect(worst.error, JSON.stringify(worst)).toBeLessThan(1e-3);
  });
});

const INTEGERS = [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 255, 65537, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 2, 0x12345678];
const FLOATS = [...SPECIALS, 100, -100, 1e10, -1e10, 4294967040, 2147483520, -2147483648, 0.7, -0.3];
const operandsOf: Readonly<Record<'f32' | 'i32' | 'u32' | 'bool', readonly number[]>> = {
  f32: FLOATS,
  i32: INTEGERS,
  u32: INTEGERS.map((x) => x >>> 0),
  bool: [0, 1],
};

/** All pairs of values; a third operand and a fourth run like the first and the second. */
function pairs(dtype: keyof typeof operandsOf, arity: number): Words[] {
  const values = operandsOf[dtype];
  const count = values.length ** 2;
  return Array.from({ length: arity }, (_, k) => {
    const column = Array.from(
      { length: count },
      (_, i) => values[(k % 2 === 0 ? i : Math.floor(i / values.length)) % values.length],
    );
    return arrays[dtype].from(column) as Words;
  });
}

/** A zero's sign, an infinity and NaN as they are; other floats as numbers of a sign. */
const kindOf = (x: number): string =>
  Object.is(x, -0) ? '-0' : x === 0 || !Number.isFinite(x) ? String(x) : x < 0 ? 'below 0' : 'above 0';

const paramsOf = (name: string, result: DType): Params =>
  name === 'polygamma' ? { order: 1 } : name === 'cast' || name === 'bitcast' ? { dtype: result } : {};

const dtypes = ['f32', 'i32', 'u32', 'bool'] as const;
const cases = [...primitives.values()]
  .filter(({ kind, name }) => kind === 'elementwise' && name !== 'iota')
  .flatMap((primitive) =>
    dtypes.flatMap((dtype) =>
      (primitive.name === 'cast' || primitive.name === 'bitcast' ? dtypes : [dtype]).flatMap((to) => {
        const params = paramsOf(primitive.name, to);
        for (const arity of [1, 2, 3, 4]) {
          const operands = Array.from(
            { length: arity },
            (_, i): DType => (primitive.name === 'select' && i === 0 ? 'bool' : dtype),
          );
          try {
            const outputs = primitive.shape(
              operands.map((each) => ({ shape: [4], dtype: each })),
              params,
            );
            // Too few operands pass some shape rules.
            if (arity < (primitive.scalarFor?.(dtype, params) ?? primitive.scalar ?? { length: 1 }).length) continue;
            return outputs.map(({ dtype: result }, output) => ({
              primitive,
              operands,
              result,
              params,
              output,
              outputs: outputs.length,
            }));
          } catch {}
        }
        return [];
      }),
    ),
  );

describe('every elementwise primitive on special values', () => {
  test.for(cases.map((each) => [each.primitive.name, each.operands.join(), each.result, each] as const))(
    '%s of %s gives %s',
    async ([name, , , { primitive, operands, result, params, output, outputs }]) => {
      const columns = operands.map((dtype, i) => pairs(dtype as keyof typeof operandsOf, operands.length)[i]);
      const length = Math.max(...columns.map((column) => column.length));
      const data = columns.map((column, i) =>
        column.length === length
          ? column
          : (arrays[operands[i]].from(Array.from({ length }, (_, k) => column[k % column.length])) as Words),
      );
      const bytes = await apply(
        name,
        data.map((each, i) => ({ dtype: operands[i], data: each })),
        result,
        { params, output: outputs > 1 ? output : undefined },
      );
      const got = new arrays[result](bytes);
      const inputs = data.map((each, i) => refArray([length], operands[i], Float64Array.from(each)));
      const wanted = primitive.evaluate(
        inputs,
        params,
        Array.from({ length: outputs }, () => ({ shape: [length], dtype: result })),
      )[output];
      const differing: string[] = [];
      for (let i = 0; i < length; i++) {
        // The float64 of the oracle rounds to a float: too large a number is infinite, too small a one may be 0.
        const expected = result === 'f32' ? Math.fround(wanted.data[i]) : wanted.data[i];
        if (result === 'f32' && Math.abs(wanted.data[i]) < 2 * LEAST_NORMAL && expected !== 0) continue;
        const same = result === 'f32' ? kindOf(got[i]) === kindOf(expected) : got[i] === expected;
        if (!same) differing.push(`(${data.map((each) => each[i])}): ${got[i]} for ${expected}`);
      }
      expect(differing).toEqual([]);
    },
  );
});

test('numbers of a program are written so that each comes out as it is', async () => {
  const device = await testDevice();
  const numbers: [number, 'f32' | 'i32' | 'u32' | 'bool'][] = [
    ...FLOATS.map((x): [number, 'f32'] => [x, 'f32']),
    ...INTEGERS.flatMap((x): [number, 'i32' | 'u32'][] => [
      [x, 'i32'],
      [x >>> 0, 'u32'],
    ]),
    [0, 'bool'],
    [1, 'bool'],
  ];
  const written = numbers.map(([value, dtype]) => wgslNumber(value, dtype));
  const lines = written.map(({ text }, i) => {
    const code = wgslBitcast(numbers[i][1], 'u32');
    return `b0[${i}] = ${code?.call([text])};`;
  });
  const source = `@group(0) @binding(0) var<storage, read_write> b0: array<u32>;
${wgslModule(written.flatMap(({ needs }) => needs))}
@compute @workgroup_size(1) fn main() { ${lines.join('\n')} }`;
  const buffer = storageBuffer(device, 4 * numbers.length);
  await dispatch(device, [{ source, buffers: [buffer], workgroups: [1, 1, 1] }]);
  const bytes = await bytesOf(device, buffer);
  const got = numbers.map(([, dtype], i) => new arrays[dtype](bytes, 4 * i, 1)[0]);
  expect(got).toEqual(numbers.map(([value, dtype]) => (dtype === 'f32' ? Math.fround(value) : value)));
});
