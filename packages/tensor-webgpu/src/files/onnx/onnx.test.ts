import * as ort from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import * as ff from '../../index.ts';
import { exportOnnx, OnnxError } from './index.ts';

beforeAll(() => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
});

type Fn = (...args: ff.Tensor[]) => ff.Tensor;

/** The results of a model in ONNX Runtime, and of the function itself. */
async function both(f: Fn, args: ff.Tensor[], constants: number[] = []) {
  const bytes = await exportOnnx(f, args, { constants });
  const session = await ort.InferenceSession.create(bytes);
  const feeds = Object.fromEntries(
    args.flatMap((arg, i) =>
      constants.includes(i)
        ? []
        : [
            [
              `input${i}`,
              new ort.Tensor(
                arg.dtype === 'i32' ? 'int32' : arg.dtype === 'f64' ? 'float64' : 'float32',
                arg.dataSync() as Float32Array,
                arg.shape,
              ),
            ],
          ],
    ),
  );
  const { output0 } = await session.run(feeds);
  const own = f(...args);
  return { theirs: Array.from(output0.data as Float32Array, Number), shape: [...output0.dims], own };
}

async function agrees(f: Fn, args: ff.Tensor[], constants?: number[]) {
  const { theirs, shape, own } = await both(f, args, constants);
  expect(shape).toEqual(own.shape);
  const values = Array.from(own.dataSync(), Number);
  expect(theirs).toHaveLength(values.length);
  theirs.forEach((value, i) => expect(value).toBeCloseTo(values[i], 4));
}

const x = ff.random.normal(ff.random.key(0), [3, 4]);
const positive = x.abs().add(0.5);

describe('operations give the same in ONNX Runtime', () => {
  test.each<[string, Fn, ff.Tensor[]]>([
    [
      'arithmetic with numbers and broadcasting',
      (a) =>
        a
          .mul(2)
          .add(a.sum({ axis: 1, keepDims: true }))
          .div(3)
          .sub(a.neg()),
      [x],
    ],
    ['functions', (a) => a.tanh().add(a.sigmoid()).add(a.sin()).add(a.exp()).add(a.erf()).add(a.abs().log1p()), [x]],
    ['roots and powers', (a) => a.sqrt().add(a.rsqrt()).add(a.pow(1.5)).add(a.cbrt()), [positive]],
    ['softplus, relu, where', (a) => ff.where(a.greater(0), ff.softplus(a), ff.relu(a).sub(1)), [x]],
    ['matrix products', (a) => ff.matmul(a, a.transpose()), [x]],
    ['batched contractions', (a) => ff.einsum('bij,bkj->bik', a, a), [ff.random.normal(ff.random.key(1), [2, 3, 4])]],
    ['softmax', (a) => ff.softmax(a, { axis: 1 }), [x]],
    [
      'reductions',
      (a) => ff.stack([a.max({ axis: 1 }), a.min({ axis: 1 }), a.prod({ axis: 1 }), a.mean({ axis: 1 })]),
      [x],
    ],
    ['views', (a) => ff.concat([a.slice([0, 2], [1, 4]), ff.flip(a, 1).slice([0, 2], [0, 3])], 1), [x]],
    [
      'padding',
      (a) =>
        ff.pad(
          a,
          [
            [1, 0],
            [0, 2],
          ],
          { value: 7 },
        ),
      [x],
    ],
    ['rows by number, held at the edges', (a) => ff.take(a, ff.tensor([2, 0, 1], { dtype: 'i32' }), { axis: 0 }), [x]],
    ['index numbers made in the function', (a) => a.mul(ff.arange(4)), [x]],
  ])('%s', async (_name, f, args) => {
    await agrees(f, args);
  });

  test('convolution', async () => {
    const image = ff.random.normal(ff.random.key(2), [2, 3, 8, 8]);
    const weight = ff.random.normal(ff.random.key(3), [5, 3, 3, 3]);
    await agrees((a, w) => ff.conv(a, w, { stride: 2, padding: 1 }), [image, weight], [1]);
  });
});

test('parameters stand in the model, and captured tensors too', async () => {
  const w = ff.random.normal(ff.random.key(4), [4, 2]);
  const { theirs, own } = await both((a, b) => ff.matmul(a, b).add(w.sum()), [x, w], [1]);
  theirs.forEach((value, i) => expect(value).toBeCloseTo(Number(own.dataSync()[i]), 4));
});

test('names of inputs and outputs', async () => {
  const bytes = await exportOnnx((p: { w: ff.Tensor }, a: ff.Tensor) => a.mul(p.w), [{ w: x }, x], {
    inputNames: ['params', 'a'],
    outputNames: ['product'],
  });
  const session = await ort.InferenceSession.create(bytes);
  expect(session.inputNames).toEqual(['params.w', 'a']);
  expect(session.outputNames).toEqual(['product']);
});

test('what ONNX cannot say is named', async () => {
  await expect(exportOnnx((a: ff.Tensor) => ff.lgamma(a), [x])).rejects.toThrow(OnnxError);
  await expect(exportOnnx((a: ff.Tensor) => ff.lgamma(a), [x])).rejects.toThrow("no counterpart of 'lgamma'");
  await expect(exportOnnx((a: ff.Tensor) => a, [x], { constnts: [0] } as never)).rejects.toThrow(
    'Did you mean constants?',
  );
});
