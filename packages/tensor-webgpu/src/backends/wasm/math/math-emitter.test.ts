import { expect, test } from 'vitest';
import { AssemblerError, type FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { ulpBounds } from './bounds.ts';
import { ulpsBetween } from './exact-values.ts';
import type { MathName } from './functions.ts';
import { isMathName, MathEmitter, mathFunction } from './math-emitter.ts';
import { mathLoop } from './math-loop.ts';

const words = (array: Float32Array | undefined) => new Uint32Array((array ?? new Float32Array()).slice().buffer);

test('threefry2x32 gives the known answers of Random123', () => {
  const { inputs, outputs, run } = mathLoop('threefry2x32', 4, true);
  const cases = [
    { key: [0, 0], counter: [0, 0], random: [0x6b200159, 0x99ba4efe] },
    { key: [~0, ~0], counter: [~0, ~0], random: [0x1cb996fc, 0xbb002be7] },
    { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], random: [0xc4923a9c, 0x483df7a0] },
  ];
  inputs.forEach((input, operand) => {
    const lanes = cases.map(({ key, counter }) => [...key, ...counter][operand] ?? 0);
    new Uint32Array(input.buffer, input.byteOffset, 4).set(lanes);
  });
  run();
  const [first, second] = outputs.map(words);
  cases.forEach(({ random }, lane) => expect([first?.[lane], second?.[lane]]).toEqual(random));
});

const pairs = [
  {
    name: 'sinCos',
    parts: [
      { bound: ulpBounds.sin, exact: Math.sin },
      { bound: ulpBounds.cos, exact: Math.cos },
    ],
  },
  {
    name: 'softplusSigmoid',
    parts: [
      { bound: ulpBounds.softplus, exact: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
      { bound: ulpBounds.sigmoid, exact: (x: number) => 1 / (1 + Math.exp(-x)) },
    ],
  },
] as const;

for (const { name, parts } of pairs)
  test(`${name} gives both functions within their bounds`, () => {
    const { inputs, outputs, run } = mathLoop(name, 4096, true);
    const [x] = inputs as [Float32Array];
    x.forEach((_, i) => {
      x[i] = (i - 2048) / 18;
    });
    x.set([NaN, Infinity, -Infinity, 1e30, -0, 3e8]);
    run();
    parts.forEach(({ bound, exact }, part) => {
      const worst = Math.max(...x.map((at, i) => ulpsBetween(outputs[part]?.[i] ?? 0, exact(at))));
      expect(worst).toBeLessThanOrEqual(bound);
    });
  });

const usual = [0.37, 1, 1.9, 42];
const rare = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  -1,
  1e-40,
  -1e-40,
  2 ** -126,
  3.4e38,
  87,
  87.1,
  -87,
  -87.1,
  89,
  -104,
  200,
];

for (const name of ['log', 'exp'] as const)
  for (const relaxed of [true, false])
    test(`${name} of a rare argument leaves those beside it as they are, in joined vectors too (relaxed: ${relaxed})`, () => {
      const places = rare.flatMap((value) => usual.map((_, lane) => usual.toSpliced(lane, 1, value)));
      const alone = [...rare, ...usual].map((value) => Array(4).fill(value));
      const numbers = [...places, ...alone].flat();
      const bits = [false, true].map((joined) => {
        const { inputs, outputs, run } = mathLoop(name, numbers.length, relaxed, {}, joined);
        inputs[0]?.set(numbers);
        run();
        return [...(outputs[0] ?? [])];
      });
      expect(bits[1]).toEqual(bits[0]);
      const expected = new Map(
        numbers.slice(-4 * alone.length).map((x, i) => [String(x), bits[0]?.at(i - 4 * alone.length)]),
      );
      numbers.forEach((x, i) => {
        // Zeros of either sign have one logarithm, and one exponential.
        expect(bits[0]?.[i]).toBe(expected.get(String(x)));
      });
    });

/** Runs a function of one vector that is written by `emit` on these four numbers. */
function evaluate(
  x: readonly number[],
  emit: (math: MathEmitter, local: number, f: FunctionBuilder) => void,
): number[] {
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Float32Array(memory.buffer).set(x);
  const module = new ModuleBuilder();
  module.importMemory({ initial: 1 });
  const f = module.func('run');
  const local = f.local('v128');
  f.i32Const(0);
  f.v128Load();
  f.localSet(local);
  f.i32Const(16);
  emit(new MathEmitter(module, f), local, f);
  f.v128Store();
  module.export(f);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  (instance.exports['run'] as () => void)();
  return [...new Float32Array(memory.buffer, 16, 4)];
}

const POINTS = [0.25, 0.75, -0.5, 1000];

test('constants that were not preloaded, or given back, change nothing', () => {
  for (const name of ['exp', 'sin', 'erf'] as const) {
    const plain = evaluate(POINTS, (math, x) => math.emit(name, [x]));
    const preloaded = evaluate(POINTS, (math, x) => {
      math.preload(['exp', name]);
      math.emit(name, [x]);
      math.release();
    });
    const reloaded = evaluate(POINTS, (math, x) => {
      math.preload([name]);
      math.release();
      math.preload(['tanh', 'asin']);
      math.emit(name, [x]);
    });
    expect(preloaded).toEqual(plain);
    expect(reloaded).toEqual(plain);
  }
});

test('operands keep their values, and functions may follow one another', () => {
  const twice = evaluate(POINTS, (math, x, f) => {
    for (const name of ['exp', 'tan', 'log'] as MathName[]) {
      math.emit(name, [x]);
      // Only the last result counts.
      if (name !== 'log') f.drop();
    }
  });
  expect(twice).toEqual(evaluate(POINTS, (math, x) => math.emit('log', [x])));
});

test('a shared function is added to a module once', () => {
  const module = new ModuleBuilder();
  expect(mathFunction(module, 'asin')).toBe(mathFunction(module, 'asin'));
  expect(mathFunction(new ModuleBuilder(), 'asin')).not.toBe(mathFunction(module, 'asin'));
});

test('a wrong number of operands and unknown names are told apart', () => {
  const module = new ModuleBuilder();
  const f = module.func('run');
  const local = f.local('v128');
  expect(() => new MathEmitter(module, f).emit('pow', [local])).toThrow(AssemblerError);
  expect(isMathName('tanh')).toBe(true);
  expect(isMathName('toString')).toBe(false);
});
