import { describe, expect, it } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ff from '../index.ts';
import { lax } from '../primitives/lax.ts';
import { Literal, Var } from '../program/aval.ts';
import type { Program } from '../program/program.ts';
import { validateProgram } from '../program/validate.ts';
import { traceProgram } from '../trace/builder.ts';

type Thrown = abstract new (...args: never[]) => Error;

/** What `run` throws; fails when it does not, or throws something without a class of its own. */
function thrownBy(run: () => unknown, type: Thrown): Error {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(type);
    expect(error).toBeInstanceOf(ff.FlowfieldError);
    expect((error as Error).name).toBe(type.name);
    return error as Error;
  }
  throw new Error(`Nothing was thrown; expected ${type.name}.`);
}

/** Situations a person can get into, and all that they are told. */
const situations: readonly (readonly [Thrown, string, () => unknown, string])[] = [
  [
    ff.ShapeError,
    'shapes that do not broadcast',
    () => ff.add(ff.zeros([2, 3]), ff.zeros([4])),
    'add: shapes [2, 3] and [4] do not broadcast: extents 3 and 4 meet at axis -1. Make them equal or make one of them 1.',
  ],
  [
    ff.ShapeError,
    'matrices that do not fit',
    () => ff.matmul(ff.zeros([2, 3]), ff.zeros([4, 5])),
    'matmul: shapes [2, 3] and [4, 5] do not fit: the inner extents 3 and 4 differ. Transpose or reshape an operand.',
  ],
  [
    ff.ShapeError,
    'the gradient of a function that is no scalar',
    () => ff.grad((x: Tensor) => x.mul(2))(ff.tensor([1, 2])),
    'grad: the function must return one floating scalar, got f32[2]. Reduce it with .sum() or .mean(), or use jacrev.',
  ],
  [
    ff.ShapeError,
    'a carry that changes its form',
    () => ff.scan((c: Tensor) => [c.astype('f64'), null], ff.tensor(1), null, { length: 2 }),
    'scan: the carry must keep its form: it went in as * with f32[] and came out as * with f64[]. Cast or reshape it in the body.',
  ],
  [
    ff.DTypeError,
    'the derivative by an integer',
    () => ff.grad((x: Tensor) => x.sum())(ff.tensor([1, 2], { dtype: 'i32' })),
    'grad: cannot differentiate with respect to a tensor of i32. Cast it to f32, or leave it out with argnums.',
  ],
  [
    ff.DTypeError,
    'an index that is no integer',
    () => ff.take(ff.tensor([1, 2]), ff.tensor([0.5])),
    "take: indices must be integers (i32 or u32), got f32. Cast with .astype('i32').",
  ],
  [
    ff.DTypeError,
    'an argument that is no tensor',
    () => ff.jit((x: unknown) => x)('text'),
    'jit: expected tensors, numbers or booleans (in arrays and plain objects), got string. Convert data with tensor(...), or mark the argument static.',
  ],
  [
    ff.ArgumentError,
    'an axis that is not there',
    () => ff.sum(ff.zeros([2, 3]), { axis: 2 }),
    'sum: axis 2 is out of range for a tensor of rank 2. Use an integer from -2 to 1.',
  ],
  [
    ff.ArgumentError,
    'the largest of nothing',
    () => ff.max(ff.zeros([0])),
    'max: axis 0 of shape [0] is empty, and max of nothing has no value. Reduce other axes, or leave empty tensors out.',
  ],
  [
    ff.ArgumentError,
    'an asynchronous scope',
    () => ff.scope(async () => 1),
    'scope: expected a synchronous function, got one that returns a promise. Free its tensors with `using` or dispose().',
  ],
  [
    ff.DisposedError,
    'use after dispose',
    () => {
      const x = ff.tensor([1, 2]);
      x.dispose();
      return x.add(1);
    },
    'add: a tensor of dtype f32 and shape [2] was used after dispose(). Keep it alive until its last use, or make a copy before.',
  ],
  [
    ff.DisposedError,
    'use after donation',
    () => {
      const x = ff.tensor([1, 2]);
      ff.jit((y: Tensor) => y.add(1), { donate: [0] })(x);
      return x.sum();
    },
    'sum: a tensor of dtype f32 and shape [2] was used after it was donated to a jitted function. Keep it alive until its last use, or make a copy before.',
  ],
  [
    ff.TraceError,
    'a value kept from a trace',
    () => {
      const kept: Tensor[] = [];
      ff.jit((x: Tensor) => {
        kept.push(x);
        return x;
      })(ff.tensor([1]));
      return kept[0].add(1);
    },
    'A value escaped from the function that was traced and was used after it. Return it from that function instead of storing it outside.',
  ],
  [
    ff.DerivativeError,
    'reverse mode through an open loop',
    () =>
      ff.grad((x: Tensor) =>
        ff.whileLoop(
          (c: Tensor) => c.less(9),
          (c: Tensor) => c.mul(2),
          x,
        ),
      )(ff.tensor(1)),
    'Reverse mode cannot run backwards through whileLoop, whose number of steps is unknown. Use scan or foriLoop with a fixed length, or forward mode (jvp, jacfwd).',
  ],
  [
    ff.DeviceError,
    'operands on two devices',
    () => ff.add(ff.tensor([1], { device: 'cpu' }), ff.tensor([1], { device: 'reference' })),
    "add: tensors live on different devices, cpu and reference. Move one with .to('cpu').",
  ],
  [
    ff.DeviceError,
    'a device that is not there',
    () => ff.defaultDevice('abacus'),
    `There is no device 'abacus'. Use one of ${ff.devices().join(', ')}; a GPU is there only after \`await init()\`.`,
  ],
  [
    ff.tree.TreeError,
    'trees that differ',
    () => ff.tree.map((a: Tensor, b: Tensor) => a.add(b), { x: ff.tensor(1) }, { y: ff.tensor(1) } as never),
    'tree.map: trees differ at the root: an object with keys x against an object with keys y. Give trees of one structure.',
  ],
  [
    ff.tree.TreeError,
    'too few leaves',
    () => ff.tree.unflatten(ff.tree.structure({ a: 1, b: 2 }), [1]),
    'tree.unflatten: expected 2 leaves for {"a":*,"b":*}, got 1. Give one value for each *.',
  ],
  [
    ff.SafetensorsError,
    'a file cut off',
    () => ff.readSafetensors(new Uint8Array(4)),
    'safetensors: expected at least 8 bytes, got 4. The file is cut off or of another format.',
  ],
  [
    ff.NpyError,
    'a file of another kind',
    () => ff.readNpy(new Uint8Array(4)),
    'npy: expected a file that begins with \\x93NUMPY, got other bytes. Save the array with numpy.save.',
  ],
];

describe('what a person is told', () => {
  it.each(situations)('%o on %s', (type, _situation, run, message) => {
    expect(thrownBy(run, type).message).toBe(message);
  });

  it('when elements are read in a trace: which, where, and what to do', () => {
    const f = (x: Tensor): Tensor => (x.sum().item() > 0 ? x : x.neg());
    const { message, stack } = thrownBy(() => ff.jit(f)(ff.tensor([1])), ff.TraceError);
    // What an uncaught error prints is its stack.
    expect(stack).toContain(`TraceError: ${message}`);
    expect(stack?.split('\n')[1]).toContain('errors.test.ts');
    expect(message).toMatch(
      /^item\(\): the elements of f32\[\] are not known while its function is being traced \(read at .*errors\.test\.ts:\d+:\d+.*\)\. Return the tensor and read it outside, or decide with where\(\) or cond\(\)\.$/,
    );
  });

  it('when memory runs out: bytes asked for, in use, and the limit; and the device goes on', () => {
    ff.defaultDevice('cpu');
    const { message } = thrownBy(() => ff.zeros([70000, 70000]), ff.OutOfMemoryError);
    expect(message).toMatch(
      /^Out of memory: 19600000000 bytes were asked for, \d+ are in use, and the limit is 4294967296\. Dispose tensors that are no longer needed, or use smaller batches\.$/,
    );
    expect(thrownBy(() => ff.zeros([1e12]), ff.OutOfMemoryError).message).toMatch(
      /^Out of memory: 4000000000000 bytes/,
    );
    const large = (x: Tensor): Tensor =>
      x
        .add(ff.zeros([70000, 70000]))
        .cumsum({ axis: 0 })
        .sum();
    expect(thrownBy(() => ff.jit(large)(ff.tensor(1)), ff.OutOfMemoryError).message).toMatch(
      /^Out of memory: \d{11} bytes were asked for/,
    );
    expect(ff.tensor([1, 2]).add(1).toArray()).toEqual([2, 3]);
  });

  it("when JavaScript's operators meet a tensor: they would give NaN or false", () => {
    const x = ff.tensor([1, 2]) as unknown as number;
    for (const use of [() => x * 2, () => x < 3, () => +x, () => Math.max(x, 0)]) {
      expect(thrownBy(use, ff.ArgumentError).message).toBe(
        'A tensor of f32[2] is not a number. Use its methods (mul, less, ...), or read one element with .item().',
      );
    }
    expect(`${x}`).toBe('Tensor f32[2] cpu [1, 2]');
  });

  it('when a program is malformed: which equation', () => {
    const { program } = traceProgram([{ shape: [2], dtype: 'f32' }], (x) => [lax.sin(x)]);
    const [eqn] = program.eqns;
    const broken = (change: Partial<Program>): string =>
      thrownBy(() => validateProgram({ ...program, ...change }), ff.ProgramError).message;
    expect(broken({ inputs: [] })).toMatch(/^Variable a is used before it is assigned, in: .*sin/);
    expect(broken({ eqns: [eqn, eqn] })).toMatch(/^Variable \w+ is assigned twice, again in: .*sin/);
    expect(
      broken({
        eqns: [{ ...eqn, outputs: [new Var({ shape: [3], dtype: 'f32' })] }],
        outputs: [new Literal(1, 'f32')],
      }),
    ).toMatch(/^Expected results f32\[2\] in: .*sin/);
    expect(validateProgram(program)).toBe(program);
  });

  it('is a class that the package exports, each of them met above', () => {
    const exported = Object.values({ ...ff, ...ff.tree } as Record<string, unknown>);
    const classes = exported.filter(
      (value): value is typeof ff.FlowfieldError =>
        typeof value === 'function' && value.prototype instanceof ff.FlowfieldError,
    );
    const met = new Set<unknown>([
      ...situations.map(([type]) => type),
      ff.TraceError,
      ff.OutOfMemoryError,
      ff.ProgramError,
      // In a test of its own.
      ff.DuplicateError,
    ]);
    expect(classes.filter((type) => !met.has(type)).map((type) => type.name)).toEqual([]);
  });
});
