import { PictureError } from '../pictureError.ts';
import { cells } from './cells.ts';
import type { Frame } from './frame.ts';

/** Small gray images in a grid. */
export interface ImagesPanel {
  readonly kind: 'images';
  readonly title?: string;
  /** Pixels from 0 (paper) to 1 (ink), (count, height, width). */
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** Images in a row. */
  readonly columns: number;
}

const RAMP = ['#ffffff', '#16222b'];
/** Pixels of paper between two images. */
const SPACING = 1;

export function imagesPanel({ values, width, height, columns }: ImagesPanel, frame: Frame): Element[] {
  const count = values.length / (width * height);
  if (!Number.isInteger(count) || count < 1) {
    throw new PictureError(`images: expected whole images of ${height} x ${width}, given ${values.length} pixels.`);
  }
  const rows = Math.ceil(count / columns);
  const grid = { columns: columns * (width + SPACING) - SPACING, rows: rows * (height + SPACING) - SPACING };
  const pixels = new Float64Array(grid.rows * grid.columns);
  for (let k = 0; k < count; k++) {
    const top = Math.floor(k / columns) * (height + SPACING);
    const left = (k % columns) * (width + SPACING);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        pixels[(top + i) * grid.columns + left + j] = values[(k * height + i) * width + j];
      }
    }
  }
  const scale = Math.min(frame.width / grid.columns, frame.height / grid.rows);
  const size = { width: grid.columns * scale, height: grid.rows * scale };
  return cells({ ...grid, values: pixels, range: [0, 1] }, { ...frame, ...size }, RAMP);
}
