import { random, stack, type Tensor } from '@flowfield/tensor-webgpu';

/** Everything is divided by this, so that the data have about unit variance. */
const SCALE = 0.45;
const AREA = 8 / SCALE ** 2;

/** The checkerboard: 8 unit squares of a 4 x 4 board, divided by .45; uniform, with entropy ln(8 / .45^2) = 3.676457 nats. */
export const squares = {
  entropy: Math.log(AREA),
  density: 1 / AREA,
  /** Half the side of the board. */
  extent: 2 / SCALE,

  /** Points (count, 2): x = 4 U - 2, y = U' - 2 B + (floor(x) mod 2), with U, U' uniform and B a fair coin. */
  sample(key: random.Key, count: number): Tensor {
    const [a, b, c] = random.split(key, 3);
    const x = random.uniform(a, [count]).mul(4).sub(2);
    const coin = random.bernoulli(b, 0.5, [count]).astype('f32');
    const y = random.uniform(c, [count]).sub(coin.mul(2)).add(x.floor().mod(2));
    return stack([x, y], 1).div(SCALE);
  },

  /** Whether a point lies on one of the squares. */
  contain(x: number, y: number): boolean {
    const [i, j] = [Math.floor(x * SCALE), Math.floor(y * SCALE)];
    return i >= -2 && i < 2 && j >= -2 && j < 2 && (i + j) % 2 === 0;
  },

  /** The share of points (n, 2) that lie on no square. */
  offShare(points: ArrayLike<number>): number {
    let off = 0;
    for (let i = 0; i < points.length; i += 2) if (!this.contain(points[i], points[i + 1])) off++;
    return off / (points.length / 2);
  },
};
