import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { EmbeddedManifold } from '../index.ts';

export const f64 = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'f64' });
export const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
export const gap = (a: Tensor, b: Tensor | number): number => a.sub(b).abs().max().item();

/** The unit sphere in R^3 with its uniform distribution. */
export const unitSphere: EmbeddedManifold = {
  projectPoint: (x) => x.div(x.norm({ axis: -1, keepDims: true })),
  projectTangent: (x, v) => v.sub(x.mul(x.mul(v).sum({ axis: -1, keepDims: true }))),
  logBase: (x) =>
    x
      .sum({ axis: -1 })
      .mul(0)
      .sub(Math.log(4 * Math.PI)),
};

/** Some points of the sphere. */
export const spherePoints = unitSphere.projectPoint(
  f64([
    [1, 0.2, -0.3],
    [-0.4, 0.9, 0.5],
    [0.1, -0.2, -1],
    [0.7, 0.7, 0.1],
  ]),
);
