import { cells } from './cells.ts';
import type { Frame } from './frame.ts';
import { border } from './points.ts';

/** A function on a grid of cells, as shades. */
export interface DensityPanel {
  readonly kind: 'density';
  readonly title?: string;
  readonly rows: number;
  readonly columns: number;
  /** Row-major (rows, columns), the first row at the top. */
  readonly values: ArrayLike<number>;
  /** Values of the lightest and of the darkest shade; the least and the greatest value when left out. */
  readonly range?: readonly [number, number];
}

/** Light to dark with evenly falling lightness. */
const RAMP = ['#ffffff', '#d5e8e0', '#a9d3d0', '#73b6c3', '#4392b4', '#2d6b9d', '#2a447a', '#221f4c'];

export function densityPanel(panel: DensityPanel, frame: Frame): Element[] {
  return [...cells(panel, frame, RAMP), border(frame)];
}
