import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mlp, unet } from '@flowfield/nn';
import { random, readSafetensors, type Tensor, tensor, tree, writeSafetensors } from '@flowfield/tensor-webgpu';
import { exportOnnx } from '@flowfield/tensor-webgpu/onnx';
import * as ort from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import { captured } from '../command/testing/captured.ts';
import { decodeTorch, encodeTorch } from './torchNames.ts';

const small = [
  'steps=20',
  'innerSteps=5',
  'width=8',
  'depth=1',
  'batch=16',
  'heldOut=20',
  'samples=20',
  'odeSteps=4',
].flatMap((assignment) => ['--set', assignment]);
let home: string;
let run: string;
beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  home = await mkdtemp(join(tmpdir(), 'flowfield-exchange-'));
  run = join(home, 'run');
  const { code, stderr } = await captured(['train', 'checkerboard', '--out', run, ...small]);
  expect(code, stderr).toBe(0);
}, 60_000);

test('a linear weight is [outputs, inputs] in the file, as in PyTorch, and comes back', async () => {
  const net = mlp({ inputs: 3, hidden: [5], outputs: 2 });
  const params = net.init(random.key(0));
  const bytes = await encodeTorch(params);
  const { tensors } = readSafetensors(bytes);
  expect(tensors.get('layers.0.weight')!.shape).toEqual([5, 3]);
  expect(tensors.get('layers.1.bias')!.shape).toEqual([2]);
  const [first] = params.layers[0].weight.toArray() as number[][];
  expect(Number(tensors.get('layers.0.weight')!.data[3])).toBe(first[1]);
  const back = decodeTorch(bytes, params, 'file');
  const numbers = (p: unknown) => tree.leaves<Tensor>(p).map((leaf) => [...leaf.dataSync()]);
  expect(numbers(back)).toEqual(numbers(params));
});

describe('export and import', () => {
  test('a network that was exported and imported draws the same samples', async () => {
    const file = join(home, 'net.safetensors');
    expect((await captured(['export', run, '--file', file])).code).toBe(0);
    const out = join(home, 'imported');
    const imported = await captured(['import', 'checkerboard', file, '--out', out, ...small]);
    expect(imported.code, imported.stderr).toBe(0);
    for (const folder of [run, out]) expect((await captured(['sample', folder, '--count', '50'])).code).toBe(0);
    expect(await readFile(join(out, 'samples-0-50.csv'), 'utf8')).toBe(
      await readFile(join(run, 'samples-0-50.csv'), 'utf8'),
    );
  });

  test('a file of another network: what is missing, unexpected and of another shape', async () => {
    const file = join(home, 'other.safetensors');
    const tensors = {
      'layers.0.weight': { dtype: 'F32', shape: [4, 3], data: new Float32Array(12) },
      extra: { dtype: 'F32', shape: [1], data: new Float32Array(1) },
    };
    await writeFile(file, writeSafetensors(tensors as never));
    const { code, stderr } = await captured(['import', 'checkerboard', file, '--out', join(home, 'no'), ...small]);
    expect(stderr).toMatch(/missing layers\.0\.bias, layers\.1\.bias, layers\.1\.weight/);
    expect(stderr).toContain('unexpected extra');
    expect(stderr).toContain('layers.0.weight: expected [8, 3], given [4, 3]');
    expect(code).toBe(2);
  });

  test('ONNX Runtime gives what the network gives', async () => {
    const { code, stdout, stderr } = await captured(['export', run, '--format', 'onnx', '--batch', '3']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('takes x [3, 2], t [3]; gives v');
    const session = await ort.InferenceSession.create(new Uint8Array(await readFile(join(run, 'network.onnx'))));
    const x = Float32Array.of(0.5, -1, 2, 0.25, -0.75, 1.5);
    const t = Float32Array.of(0, 0.5, 1);
    const { v } = await session.run({ x: new ort.Tensor('float32', x, [3, 2]), t: new ort.Tensor('float32', t, [3]) });
    // By hand: SiLU of (x, t) W + b, then a linear layer.
    const { tensors } = readSafetensors(new Uint8Array(await readFile(join(run, 'model.safetensors'))));
    const [w0, b0, w1, b1] = ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias'].map((name) =>
      Array.from(tensors.get(name)!.data as Float32Array),
    );
    for (let row = 0; row < 3; row++) {
      const input = [x[2 * row], x[2 * row + 1], t[row]];
      const hidden = b0.map((bias, j) => {
        const z = input.reduce((sum, value, i) => sum + value * w0[8 * i + j], bias);
        return z / (1 + Math.exp(-z));
      });
      for (let k = 0; k < 2; k++) {
        const expected = hidden.reduce((sum, value, j) => sum + value * w1[2 * j + k], b1[k]);
        expect(Number((v.data as Float32Array)[2 * row + k])).toBeCloseTo(expected, 4);
      }
    }
  });
});

test('a U-Net with time and class runs in ONNX Runtime to the same output', { timeout: 60_000 }, async () => {
  const net = unet({ inputs: 1, channels: [8, 16], classes: 3, attention: [1], groups: 4 });
  const params = net.init(random.key(1));
  const images = random.normal(random.key(2), [2, 1, 8, 8]);
  const times = tensor([0.25, 0.75]);
  const labels = tensor([0, 2], { dtype: 'i32' });
  const apply = (p: typeof params, x: Tensor, time: Tensor, label: Tensor) => net.apply(p, x, { time, label });
  const model = await exportOnnx(apply, [params, images, times, labels], {
    constants: [0],
    inputNames: ['params', 'x', 't', 'label'],
  });
  const session = await ort.InferenceSession.create(model);
  const feed = (type: 'float32' | 'int32', value: Tensor) =>
    new ort.Tensor(type, value.dataSync() as Float32Array, value.shape as number[]);
  const { output0 } = await session.run({
    x: feed('float32', images),
    t: feed('float32', times),
    label: feed('int32', labels),
  });
  const own = apply(params, images, times, labels);
  expect(output0.dims).toEqual(own.shape);
  const expected = own.dataSync();
  (output0.data as Float32Array).forEach((value, i) => {
    expect(Math.abs(value - Number(expected[i]))).toBeLessThan(1e-3);
  });
});
