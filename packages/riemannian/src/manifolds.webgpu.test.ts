import { grad, init, onHost, random, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { CutLocusError, euclidean, InvalidPointError, type Manifold, sphere, wrappedNormal } from './index.ts';

await init({ device: 'webgpu' });

/** Every function of a manifold on points and tangents drawn by one key. */
function everything(manifold: Manifold, device: string): Record<string, Tensor> {
  const draw = (seed: number): Tensor => manifold.sampleBase(random.key(seed, { device }), [16]);
  const [x, y] = [draw(0), draw(1)];
  const v = manifold.log(x, y);
  const law = wrappedNormal(manifold, { mean: x.at(0), std: 0.3 });
  return {
    exp: manifold.exp(x, v.mul(0.5)),
    log: v,
    dist: manifold.dist(x, y),
    geodesic: manifold.geodesic(x, y, 0.3),
    transport: manifold.transport(x, y, v),
    projectPoint: manifold.projectPoint(x.mul(1.5)),
    projectTangent: manifold.projectTangent(x, y),
    logVolume: manifold.logVolume(x, v),
    logBase: manifold.logBase(x),
    isAtCutLocus: manifold.isAtCutLocus(x, y),
    slope: grad((z: Tensor) => manifold.dist(z, y).sum())(x),
    drawn: law.sample(random.key(2, { device }), [8]),
    logDensity: law.logDensity(y),
  };
}

test.each([sphere(1), sphere(2), sphere(3), euclidean(2)].map((manifold) => [manifold.name, manifold] as const))(
  '%s on a GPU as on the CPU, and no point is read',
  async (_, manifold) => {
    const there = everything(manifold, 'webgpu');
    for (const value of Object.values(there)) expect(value.device?.name).toBe('webgpu');
    const [here, found] = [everything(manifold, 'cpu'), await toHost(there)];
    for (const [name, value] of Object.entries(here)) {
      const size = Math.max(1, value.abs().max().item());
      const gap = found[name].astype('f32').sub(value.astype('f32')).abs().max().item();
      expect(gap / size, name).toBeLessThan(2e-4);
    }
  },
);

test('points are checked where they can be read, and values stay finite where they cannot', async () => {
  const earth = sphere(2);
  const north = tensor([0, 0, 1]);
  const found = await earth.log(north, north.neg()).data();
  expect(found.every(Number.isFinite)).toBe(true);
  await expect(onHost(earth.log)(north, north.neg())).rejects.toBeInstanceOf(CutLocusError);
  await expect(onHost(earth.log)(north.mul(2), north)).rejects.toBeInstanceOf(InvalidPointError);
});
