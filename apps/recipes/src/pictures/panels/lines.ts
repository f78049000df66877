import * as Plot from '@observablehq/plot';
import { chart, colors } from '../canvas.ts';
import { PictureError } from '../pictureError.ts';
import type { Frame } from './frame.ts';

/** Curves, with or without marks at their points. */
export interface LinesPanel {
  readonly kind: 'lines';
  readonly title?: string;
  readonly x: AxisWords;
  readonly y: AxisWords;
  readonly series: readonly {
    readonly label: string;
    readonly x: ArrayLike<number>;
    readonly y: ArrayLike<number>;
    readonly color?: string;
    /** Strokes and gaps, such as `4 3`. */
    readonly dash?: string;
    /** Whether each point has a mark. */
    readonly marked?: boolean;
  }[];
}

interface AxisWords {
  readonly label: string;
  readonly log?: boolean;
}

/** Colors in the order of the series. */
const PALETTE = [colors.train, colors.model, colors.heldOut, '#3a9b7a', '#7a5fb5', colors.muted];

export function linesPanel({ x, y, series }: LinesPanel, { x: left, y: top, width, height }: Frame): Element[] {
  const points = series.flatMap(({ label, x: xs, y: ys }) => {
    if (xs.length !== ys.length) {
      throw new PictureError(`lines: expected one y for each x of '${label}', given ${xs.length} and ${ys.length}.`);
    }
    return Array.from({ length: xs.length }, (_, i) => ({ label, x: xs[i], y: ys[i] })).filter(
      (point) =>
        Number.isFinite(point.x) && Number.isFinite(point.y) && (!x.log || point.x > 0) && (!y.log || point.y > 0),
    );
  });
  if (points.length === 0) throw new PictureError('lines: expected at least one finite point, given none.');
  const colorOf = new Map(series.map(({ label, color }, i) => [label, color ?? PALETTE[i % PALETTE.length]]));
  const of = (label: string) => points.filter((point) => point.label === label);
  const axis = ({ label, log }: AxisWords): Plot.ScaleOptions => ({
    label,
    type: log ? 'log' : 'linear',
    grid: true,
    nice: true,
    ...(log && { ticks: 4, tickFormat: '~g' }),
  });
  return [
    chart(left, top, {
      width,
      height,
      marginLeft: 48,
      marginTop: 20,
      marginRight: 12,
      marginBottom: 38,
      x: axis(x),
      y: axis(y),
      marks: [
        ...series.map(({ label, dash, marked }) =>
          Plot.line(of(label), {
            x: 'x',
            y: 'y',
            stroke: colorOf.get(label),
            strokeWidth: 2,
            strokeDasharray: dash,
            marker: marked ? 'dot' : 'none',
          }),
        ),
        // Each curve is named where it ends.
        ...series.map(({ label }) =>
          Plot.text(of(label).slice(-1), {
            x: 'x',
            y: 'y',
            text: 'label',
            fill: colorOf.get(label),
            stroke: colors.paper,
            strokeWidth: 4,
            textAnchor: 'end',
            lineAnchor: 'bottom',
            dy: -6,
            fontWeight: 600,
          }),
        ),
      ],
    }),
  ];
}
