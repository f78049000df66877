import { readIdxImages } from '@flowfield/datasets';
import { type Tensor, tensor } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';

/** The 10,000 digits of the benchmark data. */
export const digitFiles = {
  images: 'mnist/t10k-images-idx3-ubyte.gz',
  labels: 'mnist/t10k-labels-idx1-ubyte.gz',
} as const;

/** The first images train, the last are held out. */
const TRAINING = 8000;
export const DIGITS = 10;
/** Values of a pixel. */
export const LEVELS = 256;

/** Images and what they show. */
export interface Digits {
  /** Rows of side² pixels, 0 (paper) to 1 (ink), f32. */
  readonly pixels: Tensor;
  /** i32 */
  readonly label: Tensor;
  readonly count: number;
}

/** `count` images of 28 x 28 pixels, averaged over blocks to side x side: rows. */
export function averagedPixels(images: Float32Array, count: number, side: number): Tensor {
  const rows = 28;
  const block = rows / side;
  return tensor(images.slice(0, count * rows * rows), { shape: [count, side, block, side, block] })
    .mean({ axis: [2, 4] })
    .reshape([count, side * side]);
}

/** Digits of side x side pixels, each one of 256 levels: 8,000 to train on and 2,000 held out. */
export async function loadDigits(files: DataFiles, side: number): Promise<{ train: Digits; held: Digits }> {
  const [bytes, labelBytes] = [await files.benchmark(digitFiles.images), await files.benchmark(digitFiles.labels)];
  const { images, labels, count } = await readIdxImages(bytes, labelBytes, { file: digitFiles.images });
  const pixels = averagedPixels(images, count, side)
    .mul(LEVELS - 1)
    .round()
    .div(LEVELS - 1);
  const part = (from: number, to: number): Digits => ({
    pixels: pixels.slice([from, to]),
    label: tensor(labels.slice(from, to), { dtype: 'i32' }),
    count: to - from,
  });
  return { train: part(0, TRAINING), held: part(TRAINING, count) };
}

/** Pixels in 0 … 1 as points around 0, in [-1, 1], and back. */
export const centered = (pixels: Tensor): Tensor => pixels.mul(2).sub(1);
export const asPixels = (x: Tensor): Tensor => x.add(1).div(2).clip(0, 1);
