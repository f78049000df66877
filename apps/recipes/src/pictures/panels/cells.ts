import { element } from '../canvas.ts';
import { PictureError } from '../pictureError.ts';
import type { Frame } from './frame.ts';

export interface Cells {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
  readonly range?: readonly [number, number];
}

/** Shades between the colors of a ramp. */
const SHADES = 48;

/** Cells of a grid in shades: one path for each shade, runs of equal cells joined. */
export function cells({ rows, columns, values, range }: Cells, frame: Frame, ramp: readonly string[]): Element[] {
  if (values.length !== rows * columns || rows < 1 || columns < 1) {
    throw new PictureError(
      `cells: expected rows * columns values, given ${values.length} values for ${rows} x ${columns}.`,
    );
  }
  const [low, high] = range ?? extent(values);
  const width = frame.width / columns;
  const height = frame.height / rows;
  const shadeAt = (i: number): number => {
    const share = high > low ? (values[i] - low) / (high - low) : 0;
    return Math.round(Math.min(Math.max(Number.isNaN(share) ? 0 : share, 0), 1) * (SHADES - 1));
  };
  const runs = Array.from({ length: SHADES }, (): string[] => []);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; ) {
      const shade = shadeAt(row * columns + column);
      let end = column + 1;
      while (end < columns && shadeAt(row * columns + end) === shade) end++;
      const x = (frame.x + column * width).toFixed(2);
      const y = (frame.y + row * height).toFixed(2);
      // A little wider than the cells, so that no light falls between them.
      const w = ((end - column) * width + 0.2).toFixed(2);
      runs[shade].push(`M${x} ${y}h${w}v${(height + 0.2).toFixed(2)}h-${w}z`);
      column = end;
    }
  }
  return runs.flatMap((run, shade) =>
    run.length === 0 ? [] : [element('path', { d: run.join(''), fill: colorOf(shade / (SHADES - 1), ramp) })],
  );
}

function extent(values: ArrayLike<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  return [low, high];
}

/** The color at a share of the ramp, between its two neighbors. */
function colorOf(share: number, ramp: readonly string[]): string {
  const place = share * (ramp.length - 1);
  const below = Math.min(Math.floor(place), ramp.length - 2);
  const [from, to] = [ramp[below], ramp[below + 1]].map((color) =>
    [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)),
  );
  const mixed = from.map((value, i) => Math.round(value + (to[i] - value) * (place - below)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
