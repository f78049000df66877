import { linalg, random, stack, type Tensor } from '@flowfield/tensor-webgpu';

/** Rotations of space drawn uniformly, [count, 3, 3], by unit quaternions. */
export function randomRotations(key: random.Key, count: number): Tensor {
  const drawn = random.normal(key, [count, 4]);
  const unit = drawn.div(linalg.norm(drawn, { axis: -1, keepDims: true }));
  const [w, x, y, z] = [0, 1, 2, 3].map((i) => unit.slice('...', i));
  const rows = [
    [y.mul(y).add(z.mul(z)).mul(-2).add(1), x.mul(y).sub(w.mul(z)).mul(2), x.mul(z).add(w.mul(y)).mul(2)],
    [x.mul(y).add(w.mul(z)).mul(2), x.mul(x).add(z.mul(z)).mul(-2).add(1), y.mul(z).sub(w.mul(x)).mul(2)],
    [x.mul(z).sub(w.mul(y)).mul(2), y.mul(z).add(w.mul(x)).mul(2), x.mul(x).add(y.mul(y)).mul(-2).add(1)],
  ];
  return stack(
    rows.map((row) => stack(row, -1)),
    -2,
  );
}
