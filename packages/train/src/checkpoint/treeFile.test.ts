import * as ff from '@flowfield/tensor-webgpu';
import { SafetensorsError, type Tensor, tensor } from '@flowfield/tensor-webgpu';
import { expect, it } from 'vitest';
import { CheckpointError, decodeTree, encodeTree } from '../index.ts';

const params = {
  layers: [{ weight: tensor([[1, 2, 3]], { dtype: 'f64' }), bias: tensor([0.1]) }],
  count: tensor(-4, { dtype: 'i32' }),
  key: ff.random.key(2 ** 40 + 1),
  mask: tensor([true, false]),
  nothing: null,
};

it('names tensors by their paths, and brings back every dtype', async () => {
  const bytes = await encodeTree(params, { epoch: '3' });
  const file = ff.readSafetensors(bytes);
  expect([...file.tensors.keys()].sort()).toEqual(['count', 'key', 'layers.0.bias', 'layers.0.weight', 'mask']);
  expect(file.metadata.get('epoch')).toBe('3');
  const back = decodeTree(bytes, params);
  const values = (t: Tensor): unknown => [t.dtype, t.shape, [...t.dataSync()]];
  expect(ff.tree.leaves(back).map(values)).toEqual(ff.tree.leaves(params).map(values));
  expect(back.nothing).toBeNull();
});

it('names what does not fit', async () => {
  const bytes = await encodeTree({ a: tensor([1, 2]) });
  expect(() => decodeTree(bytes, { a: ff.zeros([2]), b: ff.zeros([1]) })).toThrow(
    /expected a tensor b, which the file lacks/,
  );
  expect(() => decodeTree(bytes, {})).toThrow(/the file has a tensor a, which this run has not/);
  expect(() => decodeTree(bytes, { a: ff.zeros([2], { dtype: 'f64' }) })).toThrow(
    /expected a to be F64 \[2\], the file has F32 \[2\]/,
  );
  expect(() => decodeTree(bytes, { a: ff.zeros([1, 2]) })).toThrow(CheckpointError);
  expect(() => decodeTree(bytes.subarray(0, bytes.length - 1), { a: ff.zeros([2]) })).toThrow(SafetensorsError);
});

it('tells keys with dots, backslashes and no letters apart, and says which names cannot be written', async () => {
  const odd = {
    'a.b': tensor([1]),
    a: { b: tensor([2]), '': tensor([3]), 'c\\.d': tensor([4]), 'c\\': { d: tensor([5]) } },
    '': { 'a.': tensor([6]), x: tensor([7]) },
    'a\\.b': tensor([8]),
    x: tensor([9]),
    ä: [tensor([10]), { 0: tensor([11]) }],
  };
  const back = decodeTree(await encodeTree(odd), odd);
  expect(ff.tree.leaves<Tensor>(back).map((leaf) => leaf.item())).toEqual(
    ff.tree.leaves<Tensor>(odd).map((leaf) => leaf.item()),
  );
  await expect(encodeTree({ a: 3 })).rejects.toThrow(/expected the leaf 'a' as a tensor, got 3/);
  await expect(encodeTree(odd, { step: 3 as never })).rejects.toThrow(/expected strings as metadata, got 3 for 'step'/);
  const alone = tensor([1, 2]);
  expect(decodeTree(await encodeTree(alone), alone).toArray()).toEqual([1, 2]);
  await expect(encodeTree({ __metadata__: tensor([1]) })).rejects.toThrow(SafetensorsError);
  await expect(encodeTree(JSON.parse('{"__proto__": 1}'))).rejects.toThrow();
});
