import { readFileSync } from 'node:fs';
import { linalg, random, tensor } from '@flowfield/tensor-webgpu';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import { expect, test } from 'vitest';
import { randomRotations } from '../symmetry/rotations.ts';
import { drawnClouds } from './shapeClouds.ts';

const files = { benchmark: async (path: string) => readFileSync(dataPath(path)), named: async () => new Uint8Array() };

test('clouds are centered, of root mean square radius 1, as many of each class', async (context) => {
  if (!hasData()) return context.skip(noDataReason);
  const { points, labels } = await drawnClouds(files, 25, random.key(0));
  expect(points.shape).toEqual([25, 64, 3]);
  expect(points.mean({ axis: 1 }).abs().max().item()).toBeLessThan(1e-6);
  const radii = points.square().sum({ axis: 2 }).mean({ axis: 1 });
  expect(radii.sub(1).abs().max().item()).toBeLessThan(1e-5);
  expect([...labels.dataSync()]).toEqual([0, 1, 2, 3, 4].flatMap((label) => Array(5).fill(label)));
  const { points: again } = await drawnClouds(files, 25, random.key(0));
  expect(again.sub(points).abs().max().item()).toBe(0);
});

test('rotations are rotations, and turn a direction anywhere', () => {
  const turns = randomRotations(random.key(1), 4000);
  const identity = turns.matmul(turns.matrixTranspose()).sub(
    tensor([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]),
  );
  expect(identity.abs().max().item()).toBeLessThan(1e-6);
  expect(linalg.det(turns).sub(1).abs().max().item()).toBeLessThan(1e-5);
  // Uniform: entries have mean 0 and mean square 1/3, and the trace has mean 0.
  expect(turns.mean({ axis: 0 }).abs().max().item()).toBeLessThan(0.04);
  expect(
    turns
      .square()
      .mean({ axis: 0 })
      .sub(1 / 3)
      .abs()
      .max()
      .item(),
  ).toBeLessThan(0.03);
});
