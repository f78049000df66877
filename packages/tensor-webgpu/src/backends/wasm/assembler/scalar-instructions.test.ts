import { expect, test } from 'vitest';
import type { FunctionBuilder } from './function-builder.ts';
import { ModuleBuilder } from './module-builder.ts';
import type { ValueType } from './value-types.ts';

type Scalar = number | bigint;
type Names = { [K in keyof FunctionBuilder]: FunctionBuilder[K] extends () => void ? K : never }[keyof FunctionBuilder];
type Cases = { readonly [K in Names]?: (...operands: never[]) => Scalar | boolean };

/** Runs every instruction on all combinations of the samples and compares with the JavaScript definition. */
function check(
  params: readonly ValueType[],
  result: ValueType,
  samples: readonly (readonly Scalar[])[],
  cases: Cases,
): void {
  const module = new ModuleBuilder();
  for (const name of Object.keys(cases) as Names[]) {
    const f = module.func(name, params, [result]);
    params.forEach((_, i) => f.localGet(i));
    f[name]();
    module.export(f);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
  const combinations = samples.reduce<Scalar[][]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
  for (const [name, expected] of Object.entries(cases))
    for (const operands of combinations) {
      const run = exports[name] as (...operands: Scalar[]) => Scalar;
      const wanted = (expected as (...operands: Scalar[]) => Scalar | boolean)(...operands);
      const number = typeof wanted === 'boolean' ? Number(wanted) : wanted;
      expect(run(...operands), `${name}(${operands.join(', ')})`).toBe(number);
    }
}

const ints = [0, 1, -1, 7, -13, 0x7fffffff, -0x80000000];
const nonzero = [1, 7, -13, 0x7ffffff1];
const floats = [0, 1.5, -2.5, 3.25, -0.75, 1e10, Number.POSITIVE_INFINITY];
const small = [0, 1.5, -2.5, 3.25, -7.75];
const longs = [0n, 1n, -1n, 12345678901n, -(2n ** 63n)];
const wrap = (value: bigint) => BigInt.asIntN(64, value);
const nearest = (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const { fround } = Math;

test('i32 arithmetic', () => {
  check(['i32', 'i32'], 'i32', [ints, ints], {
    i32Add: (a: number, b: number) => (a + b) | 0,
    i32Sub: (a: number, b: number) => (a - b) | 0,
    i32Mul: (a: number, b: number) => Math.imul(a, b),
    i32And: (a: number, b: number) => a & b,
    i32Or: (a: number, b: number) => a | b,
    i32Xor: (a: number, b: number) => a ^ b,
    i32Shl: (a: number, b: number) => a << b,
    i32ShrS: (a: number, b: number) => a >> b,
    i32ShrU: (a: number, b: number) => (a >>> b) | 0,
    i32Eq: (a: number, b: number) => a === b,
    i32Ne: (a: number, b: number) => a !== b,
    i32LtS: (a: number, b: number) => a < b,
    i32LtU: (a: number, b: number) => a >>> 0 < b >>> 0,
    i32GtS: (a: number, b: number) => a > b,
    i32GtU: (a: number, b: number) => a >>> 0 > b >>> 0,
    i32LeS: (a: number, b: number) => a <= b,
    i32LeU: (a: number, b: number) => a >>> 0 <= b >>> 0,
    i32GeS: (a: number, b: number) => a >= b,
    i32GeU: (a: number, b: number) => a >>> 0 >= b >>> 0,
  });
  check(['i32', 'i32'], 'i32', [ints, nonzero], {
    i32DivU: (a: number, b: number) => Math.floor((a >>> 0) / (b >>> 0)) | 0,
  });
  check(['i32'], 'i32', [ints], {
    i32Eqz: (a: number) => a === 0,
  });
});

test('i64 arithmetic', () => {
  check(['i64', 'i64'], 'i64', [longs, longs], {
    i64Add: (a: bigint, b: bigint) => wrap(a + b),
    i64Sub: (a: bigint, b: bigint) => wrap(a - b),
    i64Mul: (a: bigint, b: bigint) => wrap(a * b),
    i64And: (a: bigint, b: bigint) => a & b,
    i64Or: (a: bigint, b: bigint) => a | b,
    i64Shl: (a: bigint, b: bigint) => wrap(a << (b & 63n)),
    i64ShrU: (a: bigint, b: bigint) => wrap(BigInt.asUintN(64, a) >> (b & 63n)),
  });
  check(['i64', 'i64'], 'i32', [longs, longs], {
    i64Eq: (a: bigint, b: bigint) => a === b,
  });
  check(['i64'], 'i32', [longs], {
    i32WrapI64: (a: bigint) => Number(BigInt.asIntN(32, a)),
  });
});

for (const type of ['f32', 'f64'] as const) {
  const round = type === 'f32' ? fround : (x: number) => x;
  test(`${type} arithmetic`, () => {
    check([type, type], type, [floats, floats], {
      [`${type}Add`]: (a: number, b: number) => round(round(a) + round(b)),
      [`${type}Sub`]: (a: number, b: number) => round(round(a) - round(b)),
      [`${type}Mul`]: (a: number, b: number) => round(round(a) * round(b)),
      [`${type}Div`]: (a: number, b: number) => round(round(a) / round(b)),
      [`${type}Min`]: (a: number, b: number) => round(Math.min(a, b)),
      [`${type}Max`]: (a: number, b: number) => round(Math.max(a, b)),
    });
    check([type, type], 'i32', [floats, floats], {
      [`${type}Eq`]: (a: number, b: number) => a === b,
      [`${type}Ne`]: (a: number, b: number) => a !== b,
      [`${type}Lt`]: (a: number, b: number) => a < b,
      [`${type}Gt`]: (a: number, b: number) => a > b,
      [`${type}Le`]: (a: number, b: number) => a <= b,
      [`${type}Ge`]: (a: number, b: number) => a >= b,
    });
    check([type], type, [floats], {
      [`${type}Abs`]: (a: number) => round(Math.abs(a)),
      [`${type}Neg`]: (a: number) => round(-a),
      [`${type}Ceil`]: (a: number) => round(Math.ceil(a)),
      [`${type}Floor`]: (a: number) => round(Math.floor(a)),
      [`${type}Trunc`]: (a: number) => round(Math.trunc(a)),
      [`${type}Nearest`]: (a: number) => round(nearest(a)),
      [`${type}Sqrt`]: (a: number) => round(Math.sqrt(a)),
    });
  });
}

test('conversions', () => {
  const bits = new DataView(new ArrayBuffer(8));
  check(['f32'], 'i32', [small], {
    i32TruncSatF32S: (a: number) => Math.trunc(a) | 0,
    i32TruncSatF32U: (a: number) => Math.max(0, Math.trunc(a)),
    i32ReinterpretF32: (a: number) => {
      bits.setFloat32(0, a);
      return bits.getInt32(0);
    },
  });
  check(['f64'], 'i32', [small], {
    i32TruncSatF64S: (a: number) => Math.trunc(a) | 0,
    i32TruncSatF64U: (a: number) => Math.max(0, Math.trunc(a)),
  });
  check(['f64'], 'i64', [small], {
    i64ReinterpretF64: (a: number) => {
      bits.setFloat64(0, a);
      return bits.getBigInt64(0);
    },
  });
  check(['i32'], 'f32', [ints], {
    f32ConvertI32S: (a: number) => fround(a),
    f32ConvertI32U: (a: number) => fround(a >>> 0),
  });
  check(['i32'], 'f64', [ints], {
    f64ConvertI32S: (a: number) => a,
    f64ConvertI32U: (a: number) => a >>> 0,
  });
  check(['i32'], 'i64', [ints], {
    i64ExtendI32U: (a: number) => BigInt(a >>> 0),
  });
  check(['f64'], 'f32', [[0.1, 1e300, -2]], { f32DemoteF64: (a: number) => fround(a) });
  check(['f32'], 'f64', [[0.1, -2]], { f64PromoteF32: (a: number) => fround(a) });
  check(['i64'], 'f64', [longs], { f64ConvertI64S: (a: bigint) => Number(a) });
  check(['i32'], 'f32', [[0x3f800000, -0x40000000]], {
    f32ReinterpretI32: (a: number) => {
      bits.setInt32(0, a);
      return bits.getFloat32(0);
    },
  });
  check(['i64'], 'f64', [[0x3ff8000000000000n]], { f64ReinterpretI64: () => 1.5 });
});

test('select keeps the first operand when the condition is not 0', () => {
  check(['f32', 'f32', 'i32'], 'f32', [[1], [2], [0, 1, -5]], {
    select: (a: number, b: number, condition: number) => (condition ? a : b),
  });
});
