import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import {
  ArgumentError,
  add,
  arange,
  DisposedError,
  defaultDevice,
  grad,
  jit,
  ShapeError,
  scope,
  Tensor,
  TraceError,
  tensor,
  vmap,
  zeros,
} from '../index.ts';
import { functions } from './functions.ts';

const live = (): number => defaultDevice().memory().liveTensors;

describe('a tensor', () => {
  test('tells its form and gives its elements back', async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(x).toBeInstanceOf(Tensor);
    expect([x.shape, x.dtype, x.ndim, x.size, x.length]).toEqual([[2, 3], 'f32', 2, 6, 2]);
    expect(await x.data()).toEqual(new Float32Array([1, 2, 3, 4, 5, 6]));
    expect(x.dataSync()).toEqual(new Float32Array([1, 2, 3, 4, 5, 6]));
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(tensor([true, false]).toArray()).toEqual([true, false]);
    expect(x.at(1, -1).item()).toBe(6);
    expect([...x].map((row) => row.toArray())).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(String(x)).toMatch(/^Tensor f32\[2,3\] /);
    expect(JSON.parse(JSON.stringify(x))).toEqual({ dtype: 'f32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] });
  });

  test('has the name that it has for users, and is made by functions alone', () => {
    const x = tensor(1);
    expect([Tensor.name, x.constructor.name, x.constructor === Tensor]).toEqual(['Tensor', 'Tensor', true]);
    expect(() => x.sum(x as never)).toThrow(/got a tensor of f32\[/);
    const Made = Tensor as unknown as new (...given: unknown[]) => Tensor;
    for (const given of [[], [[1, 2]], [x]]) expect(() => new Made(...given)).toThrow(/^Tensor: .* Use tensor/);
  });

  test('is not consumed by use', () => {
    const x = tensor([1, 2]);
    expect(x.add(x).mul(x).toArray()).toEqual([2, 8]);
    expect(x.toArray()).toEqual([1, 2]);
  });

  test('prints as NumPy does', () => {
    expect(
      inspect(
        tensor([
          [1, 2.5],
          [-3, 0.25],
        ]),
      ),
    ).toBe('Tensor([[ 1.  ,  2.5 ],\n        [-3.  ,  0.25]], f32[2,2])');
    expect(inspect(tensor([1, 20, 300], { dtype: 'i32' }))).toBe('Tensor([  1,  20, 300], i32[3])');
    expect(inspect(tensor([true, false]))).toBe('Tensor([ true, false], bool[2])');
    expect(inspect(tensor([1e-9, Number.NaN, Number.POSITIVE_INFINITY]))).toContain('nan');
    expect(inspect(zeros([3000]))).toBe('Tensor([0., 0., 0., ..., 0., 0., 0.], f32[3000])');
  });

  test('item of more than one element is an error', () => {
    expect(() => tensor([1, 2]).item()).toThrow(ShapeError);
  });

  test('moves between devices', () => {
    const x = tensor([1, 2], { device: 'reference' });
    expect(x.device?.name).toBe('reference');
    x.to('reference').dispose();
    expect(x.toArray()).toEqual([1, 2]);
    const y = x.to(defaultDevice());
    expect(y.device).toBe(defaultDevice());
    expect(y.toArray()).toEqual([1, 2]);
  });
});

describe('memory', () => {
  test('dispose gives it back once, and later use is a named error', () => {
    const before = live();
    const x = tensor([1, 2, 3]);
    expect(live()).toBe(before + 1);
    x.dispose();
    x.dispose();
    expect(live()).toBe(before);
    expect(() => x.dataSync()).toThrow(DisposedError);
    expect(() => add(x, 1)).toThrow(/add.*f32.*\[3\].*after dispose/);
  });

  test('using disposes at the end of the block', () => {
    const before = live();
    {
      using x = tensor([1]);
      expect(x.item()).toBe(1);
    }
    expect(live()).toBe(before);
  });

  test('scope frees what is not returned, in any tree', () => {
    const before = live();
    const kept = scope(() => {
      const x = tensor([1, 2]).mul(3);
      const inner = scope(() => x.add(1).sub(1));
      return { sums: [inner.sum()], note: 'text' };
    });
    expect(live()).toBe(before + 1);
    expect(kept.sums[0].item()).toBe(9);
    kept.sums[0].dispose();
    expect(live()).toBe(before);
  });

  test('scope frees after an error, and refuses async functions', () => {
    const before = live();
    expect(() =>
      scope(() => {
        tensor([1]);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(() => scope(async () => tensor([1]))).toThrow(ArgumentError);
    expect(live()).toBe(before);
  });

  test('constants of a traced function outlive the scope it was traced in', () => {
    const f = jit((x: Tensor) => x.add(tensor([10, 20])));
    scope(() => void f(tensor([1, 2])));
    expect(f(tensor([1, 2])).toArray()).toEqual([11, 22]);
  });

  test('a composite operation leaves nothing but its result', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const before = live();
    const y = x.softmax();
    const z = x.std({ axis: 0 });
    expect(live()).toBe(before + 2);
    y.dispose();
    z.dispose();
  });

  test('collected tensors free themselves', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = live();
    (() => {
      for (let i = 0; i < 100; i++) tensor([1, 2, 3]);
    })();
    for (let i = 0; i < 50 && live() > before; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(live()).toBeLessThanOrEqual(before);
  });
});

describe('reading inside a trace', () => {
  afterEach(() => expect(tensor([1]).add(1).item()).toBe(2));

  test.each([
    ['item', (x: Tensor) => x.sum().item()],
    ['toArray', (x: Tensor) => x.toArray()],
    ['dataSync', (x: Tensor) => x.dataSync()],
  ] as const)('%s names the line of the caller', (name, read) => {
    const f = jit((x: Tensor) => {
      read(x);
      return x;
    });
    expect(() => f(tensor([1, 2]))).toThrow(TraceError);
    expect(() => f(tensor([1, 2]))).toThrow(new RegExp(`${name}\\(\\).*tensorClass\\.test\\.ts:\\d+`));
    expect(() =>
      grad((x: Tensor) => {
        read(x);
        return x.sum();
      })(tensor([1, 2])),
    ).toThrow(TraceError);
    expect(() => vmap(f)(tensor([[1, 2]]))).toThrow(TraceError);
  });

  test('data() rejects', async () => {
    let reading: Promise<unknown> = Promise.resolve();
    jit((x: Tensor) => {
      reading = x.data();
      reading.catch(() => {});
      return x.mul(2);
    })(tensor([1]));
    await expect(reading).rejects.toThrow(TraceError);
  });
});

test('every method does what the function of its name does', async () => {
  const library = (await import('../index.ts')) as unknown as Record<string, (...args: unknown[]) => Tensor>;
  const x = tensor([
    [0.25, 0.5],
    [0.75, 0.1],
  ]);
  const unaryNames: readonly string[] = Object.keys(functions).filter(
    (name) => library[name]?.length <= 1 && !['split', 'topK', 'slice'].includes(name),
  );
  expect(unaryNames.length).toBeGreaterThan(50);
  for (const name of unaryNames) {
    let expected: Tensor;
    try {
      expected = library[name](x);
    } catch {
      continue;
    }
    expect((x as unknown as Record<string, () => Tensor>)[name]().toArray(), name).toEqual(expected.toArray());
  }
});

test('toArray with the number of axes is typed by it, and refuses another', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expectTypeOf(x.toArray(2)).toEqualTypeOf<number[][]>();
  expectTypeOf(x.sum().toArray(0)).toEqualTypeOf<number>();
  expect(x.toArray(2).map((row) => row[0])).toEqual([1, 3]);
  expect(x.sum().toArray(0)).toBe(10);
  expect(x.greater(1).toArray(2)).toEqual([
    [0, 1],
    [1, 1],
  ]);
  expect(x.greater(1).toArray()).toEqual([
    [false, true],
    [true, true],
  ]);
  expect(() => x.toArray(1)).toThrow(ShapeError);
  expect(() => x.toArray(1)).toThrow(/toArray: expected 1 axes, got shape \[2, 2\]\. Pass 2/);
});

test('text of a tensor shows its first elements on one line', () => {
  expect(
    `${tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])}`,
  ).toBe('Tensor f32[2,3] cpu [[1, 2, 3], [4, 5, 6]]');
  expect(`${tensor([0.1, Number.NaN, Number.POSITIVE_INFINITY])}`).toBe('Tensor f32[3] cpu [0.1, NaN, Infinity]');
  expect(`${tensor([true, false])}`).toBe('Tensor bool[2] cpu [true, false]');
  expect(`${tensor(7, { dtype: 'i32' })}`).toMatch(/^Tensor i32\[\] \w+ 7$/);
  expect(`${arange(3000, { dtype: 'f32' }).reshape([3, 10, 100])}`).toBe(
    'Tensor f32[3,10,100] cpu [[[0, 1, 2, 3, 4, 5, …], [100, 101, 102, 103, 104, 105, …], …], ' +
      '[[1000, 1001, 1002, 1003, 1004, 1005, …], [1100, 1101, 1102, 1103, 1104, 1105, …], …], …]',
  );
  expect(`${tensor([], { shape: [0, 2] })}`).toBe('Tensor f32[0,2] cpu []');
  const gone = tensor([1]);
  gone.dispose();
  expect(`${gone}`).toBe('Tensor f32[1] gone');
  let inside = '';
  jit((x: Tensor) => {
    inside = `${x}`;
    return x;
  })(tensor([1]));
  expect(inside).toBe('Tensor f32[1] traced');
});

test('nobody can write to the shape of a tensor', () => {
  const asked = [2, 3];
  const made = [
    zeros(asked),
    tensor([[1, 2, 3]]),
    tensor([1]).add([1, 2]),
    jit((x: Tensor) => x.sum())(tensor([1, 2])),
  ];
  made.push(zeros([3]).reshape(asked.slice(0, 0).concat(3, 1)), tensor(1).broadcastTo(asked), made[0].to('reference'));
  for (const x of made) {
    const { shape } = x;
    expect(() => (shape as number[]).push(7), `${x}`).toThrow(TypeError);
    expect(() => Object.assign(shape, { 0: 9 }), `${x}`).toThrow(TypeError);
  }
  // The array that was given is still the caller's.
  asked.push(4);
  expect(made[0].shape).toEqual([2, 3]);
  expect(made[5].shape).toEqual([2, 3]);
});

test.each(['cpu', 'reference'])('a tensor that is cloned says what to send instead: %s', (device) => {
  const x = tensor([1, 2], { device });
  expect(() => structuredClone(x)).toThrow(ArgumentError);
  expect(() => structuredClone({ deep: [x] })).toThrow(/cannot be cloned or posted to a worker.*await x\.data\(\)/);
});
