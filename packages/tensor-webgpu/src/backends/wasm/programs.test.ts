import { describe, expect, it } from 'vitest';
import { DeviceError, DisposedError, OutOfMemoryError } from '../../errors/errors.ts';
import '../../rewrites/index.ts';
import { cpuDevice } from './device.ts';
import { bool, check, checkProgram, device, f32, f64, i32, programOf, u32 } from './testing/against-reference.ts';

describe('elementwise programs', () => {
  for (const shape of [[], [1], [3], [4], [7], [64], [1000], [5, 3], [3, 0, 2], [2, 3, 5], [17, 16]]) {
    it(`adds, multiplies and selects over [${shape}]`, () => {
      check([f32(...shape), f32(...shape)], (l, x, y) => [
        l.mul(l.add(x, y), 3),
        l.select(l.gt(x, y), x, l.neg(y)),
        l.exp(x),
      ]);
    });
    it(`computes integers over [${shape}]`, () => {
      check([i32(...shape), i32(...shape)], (l, x, y) => [
        l.add(l.mul(x, y), 7),
        l.max(x, y),
        l.lt(x, y),
        l.div(x, y),
        l.abs(x),
      ]);
      check([u32(...shape), u32(...shape)], (l, x, y) => [
        l.sub(x, y),
        l.max(x, y),
        l.lt(x, y),
        l.cast(x, 'f32'),
        l.xor(x, y),
      ]);
    });
    it(`computes in f64 over [${shape}]`, () => {
      check([f64(...shape), f32(...shape)], (l, x, y) => [l.add(x, l.cast(y, 'f64')), l.exp(x), l.cast(x, 'f32')]);
    });
    it(`keeps booleans over [${shape}]`, () => {
      check([bool(...shape), f32(...shape)], (l, x, y) => [
        l.not(x),
        l.and(x, l.gt(y, 0)),
        l.cast(x, 'f32'),
        l.cast(y, 'bool'),
        l.select(x, y, l.zeros(y)),
      ]);
    });
  }
});

describe('views', () => {
  it('reads through every view', () => {
    check([f32(4, 6), f32(6)], (l, x, y) => [
      l.transpose(x, [1, 0]),
      l.add(x, l.broadcastInDim(y, [4, 6], [1])),
      l.slice(x, [1, 1], [4, 6], [2, 2]),
      l.rev(x, [0, 1]),
      l.reshape(l.transpose(x, [1, 0]), [8, 3]),
      l.mul(l.rev(x, [1]), l.slice(x, [0, 0], [4, 6])),
    ]);
  });
  it('pads and joins', () => {
    check([f32(4, 3), f32(2, 3)], (l, x, y) => [
      l.concat([x, y], 0),
      l.pad(x, [1, 0], [2, 1], 5),
      l.concat([l.exp(x), l.mul(x, 2)], 1),
      l.pad(x, [0, 1], [0, 1], 0, [1, 0]),
    ]);
  });
});

describe('reductions', () => {
  for (const shape of [[1], [5], [64], [300], [7, 5], [5, 64], [64, 5], [130, 67], [3, 4, 5], [2, 0], [100, 1, 33]]) {
    it(`sums over every axis of [${shape}]`, () => {
      const all = shape.map((_, axis) => axis);
      check([f32(...shape)], (l, x) => [l.reduceSum(l.mul(x, x), all), ...all.map((axis) => l.reduceSum(x, [axis]))]);
      check([i32(...shape)], (l, x) => [
        l.reduceSum(x, all),
        ...(shape.includes(0) ? [] : [l.reduceMax(x, [0]), l.reduceMin(x, all)]),
      ]);
      check([f64(...shape)], (l, x) => [l.reduceSum(x, all), l.reduceProd(x, [0])]);
      if (!shape.includes(0))
        check([f32(...shape)], (l, x) => [
          l.reduceMax(x, all),
          ...all.flatMap((axis) => [l.argMax(x, axis), l.argMin(x, axis)]),
        ]);
    });
  }
  it('reduces transposed operands', () => {
    check([f32(6, 9, 4)], (l, x) => [
      l.reduceSum(l.transpose(x, [2, 0, 1]), [1]),
      l.reduceMax(l.transpose(x, [1, 2, 0]), [0, 2]),
    ]);
  });
});

describe('contractions', () => {
  it('multiplies in every orientation', () => {
    check([f32(20, 7), f32(7, 33)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[1], [0]], batch: [[], []] })]);
    check([f32(20, 7), f32(33, 7)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[1], [1]], batch: [[], []] })]);
    check([f32(70, 20), f32(70, 33)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] })]);
    check([f32(5, 20, 7), f32(5, 7, 9)], (l, x, y) => [
      l.dotGeneral(x, y, { contract: [[2], [1]], batch: [[0], [0]] }),
    ]);
    check([f32(4, 5, 6), f32(6, 4, 3)], (l, x, y) => [
      l.dotGeneral(x, y, {
        contract: [
          [0, 2],
          [1, 0],
        ],
        batch: [[], []],
      }),
    ]);
    check([f32(4, 5, 6), f32(5, 3, 6)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[2], [2]], batch: [[1], [0]] })]);
    check([f32(8), f32(8)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] })]);
    check([f32(8, 3), f32(8)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] })]);
    check([f64(8, 3), f64(8, 4)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] })]);
    check([i32(8, 3), i32(8, 4)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[0], [0]], batch: [[], []] })]);
    check([f32(3), f32(4)], (l, x, y) => [l.dotGeneral(x, y, { contract: [[], []], batch: [[], []] })]);
  });
  it('carries on with the rows of a product', () => {
    check([f32(50, 7), f32(7, 16), f32(16, 9), f32(16)], (l, x, w, v, b) => {
      const z = l.add(
        l.dotGeneral(x, w, { contract: [[1], [0]], batch: [[], []] }),
        l.broadcastInDim(b, [50, 16], [1]),
      );
      const y = l.tanh(z);
      const out = l.dotGeneral(y, v, { contract: [[1], [0]], batch: [[], []] });
      return [
        l.reduceSum(l.mul(out, out), [0, 1]),
        l.dotGeneral(y, out, { contract: [[0], [0]], batch: [[], []] }),
        l.sub(1, l.mul(y, y)),
      ];
    });
  });
});

describe('lookups', () => {
  it('gathers, slices and scatters', () => {
    check([f32(9, 4), i32(5), f32(5, 4)], (l, x, i, u) => [
      l.gather(x, i, 0),
      l.mul(l.gather(x, i, 0), u),
      l.scatter(x, i, u, { batchDims: 0, mode: 'add' }),
      l.scatter(x, i, u, { batchDims: 0, mode: 'set' }),
    ]);
    check([f32(9), i32(5)], (l, x, i) => [l.gather(l.exp(x), i, 0)]);
    check([f32(3, 9), i32(3, 5)], (l, x, i) => [l.gather(x, i, 1)]);
    check([f32(8, 6), i32(), i32()], (l, x, i, j) => [
      l.dynamicSlice(x, [i, j], [3, 2]),
      l.dynamicUpdateSlice(x, l.dynamicSlice(x, [j, i], [3, 2]), [i, j]),
    ]);
    check([f64(8, 6), i32(), i32()], (l, x, i, j) => [l.dynamicSlice(x, [i, j], [3, 2])]);
  });
});

describe('memory', () => {
  it('names what was asked for, what is in use and the limit', () => {
    const small = cpuDevice({ memoryLimit: 4 << 20 });
    const held = small.put(new Float32Array(1 << 18), 'f32');
    expect(() => small.put(new Float32Array(1 << 20), 'f32')).toThrow(
      /4194304 bytes were asked for, 1048576 are in use, and the limit is 4194304/,
    );
    const program = programOf([f32(1 << 18)], (l, x) => [0, 1, 2, 3].map((n) => l.add(x, n)));
    const before = small.memory().liveBytes;
    expect(() => small.compile(program).run([held])).toThrow(OutOfMemoryError);
    expect(small.memory().liveBytes).toBe(before);
    held.dispose();
    expect(small.memory().liveBytes).toBe(0);
    expect(() => small.readSync!(held)).toThrow(DisposedError);
  });
  it('refuses storages of other devices', () => {
    const other = cpuDevice().put(new Float32Array(3), 'f32');
    expect(() => device.compile(programOf([f32(3)], (l, x) => [l.neg(x)])).run([other])).toThrow(DeviceError);
  });
  it('gives everything back', () => {
    const before = device.memory();
    check([f32(100, 100)], (l, x) => [l.exp(x), x, l.add(x, 1)]);
    const after = device.memory();
    expect(after.liveTensors).toBe(before.liveTensors);
    expect(after.liveBytes).toBe(before.liveBytes);
  });
  it('overwrites donated inputs', () => {
    const program = programOf([f32(64, 3), f32(64, 3)], (l, w, g) => [l.sub(w, l.mul(g, 0.1)), l.mul(g, g)]);
    checkProgram(program, undefined, undefined, [true, false]);
    const executable = device.compile(program, { donate: [true, false] });
    const w = device.put(new Float32Array(192).fill(1), 'f32');
    const g = device.put(new Float32Array(192).fill(2), 'f32');
    const [updated, squared] = executable.run([w, g]);
    expect(updated).toBe(w);
    for (const storage of [w, g, squared]) storage.dispose();
  });
});

describe('functions of the host', () => {
  it('go on with rows of a product whose operand is packed', () => {
    // One of them at least: float64 and u32 have codes that the engine has no instructions for.
    check([f64(90, 40), f64(40, 50)], (l, x, w) => {
      const y = l.dotGeneral(x, w, { contract: [[1], [0]], batch: [[], []] });
      return [l.sin(y), l.lgamma(l.add(l.abs(y), 1)), l.reduceSum(y, [1])];
    });
  });
});
