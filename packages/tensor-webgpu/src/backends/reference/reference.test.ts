import { describe, expect, test } from 'vitest';
import { DeviceError, DisposedError, ProgramError } from '../../errors/errors.ts';
import { lax } from '../../primitives/lax.ts';
import { evaluateProgram } from '../../program/evaluate.ts';
import { refScalar } from '../../program/refArray.ts';
import { traceProgram } from '../../trace/builder.ts';
import { referenceDevice } from './reference.ts';

const sum = traceProgram(
  [
    { shape: [2, 2], dtype: 'f32' },
    { shape: [2, 2], dtype: 'f32' },
  ],
  (x, y) => [lax.mul(lax.add(x, y), 2), lax.gt(x, y)],
).program;

describe('the reference device', () => {
  test('runs a program and reads typed arrays', async () => {
    const device = referenceDevice();
    const inputs = [new Float32Array([1, 2, 3, 4]), new Float32Array([4, 3, 2, 1])].map((data) =>
      device.put(data, 'f32'),
    );
    const outputs = device.compile(sum).run(inputs);
    expect(await device.read(outputs[0])).toEqual(new Float32Array([10, 10, 10, 10]));
    expect(device.readSync?.(outputs[1])).toEqual(new Uint8Array([0, 0, 1, 1]));
  });

  test('holds floats in double precision between operations', async () => {
    const device = referenceDevice();
    const { program } = traceProgram([{ shape: [1], dtype: 'f32' }], (x) => [lax.sub(lax.add(x, 1), 1)]);
    const [out] = device.compile(program).run([device.put(new Float32Array([2 ** -30]), 'f32')]);
    expect(await device.read(out)).toEqual(new Float32Array([2 ** -30]));
  });

  test('reports what is alive, and refuses what is not', () => {
    const device = referenceDevice();
    const [x, y] = [1, 2].map((fill) => device.put(new Float32Array(4).fill(fill), 'f32'));
    expect(device.memory()).toMatchObject({ liveTensors: 2, liveBytes: 32 });
    const executable = device.compile(sum, { donate: [true, false] });
    executable.run([x, y]);
    expect(device.memory().liveTensors).toBe(3);
    expect(() => executable.run([x, y])).toThrow(DisposedError);
    y.dispose();
    y.dispose();
    expect(device.memory().liveTensors).toBe(2);
    const other = referenceDevice().put(new Float32Array(4), 'f32');
    expect(() => executable.run([other, other])).toThrow(DeviceError);
  });

  test('an output may be an input, and then is another storage', () => {
    const device = referenceDevice();
    const { program } = traceProgram([{ shape: [2], dtype: 'i32' }], (x) => [x, lax.reshape(x, [2, 1])]);
    const x = device.put(new Int32Array([1, 2]), 'i32');
    const outputs = device.compile(program).run([x]);
    x.dispose();
    outputs[0].dispose();
    expect(device.readSync?.(outputs[1])).toEqual(new Int32Array([1, 2]));
  });
});

describe('evaluateProgram', () => {
  test('checks what it is given', () => {
    expect(() => evaluateProgram(sum, [refScalar(1, 'f32')])).toThrow(ProgramError);
    expect(() => evaluateProgram(sum, [refScalar(1, 'f32'), refScalar(1, 'f32')])).toThrow(
      /Input 0 of a program is f32\[2, 2\]/,
    );
  });

  test('gives literal outputs', () => {
    const { program } = traceProgram([], () => [lax.full([], 3, 'i32')]);
    expect(evaluateProgram(program, [])[0]).toMatchObject({ shape: [], dtype: 'i32', data: new Int32Array([3]) });
  });
});
