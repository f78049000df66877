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

const MARGIN = { top: 20, bottom: 38 } as const;
/** Least distance of two names. */
const LINE_HEIGHT = 14;

/** How far the names of curves that end close together move down, so that all can be read. */
function shiftsOf(
  ends: readonly { readonly label: string; readonly y: number }[],
  all: readonly number[],
  { log, height }: { log: boolean; height: number },
): Map<string, number> {
  const scaled = (value: number): number => (log ? Math.log(value) : value);
  const low = all.reduce((a, b) => Math.min(a, scaled(b)), Infinity);
  const high = all.reduce((a, b) => Math.max(a, scaled(b)), -Infinity);
  const below = (value: number): number => (high > low ? (height * (high - scaled(value))) / (high - low) : 0);
  const placed = ends.map(({ label, y }) => ({ label, at: below(y) })).sort((a, b) => a.at - b.at);
  const shifts = new Map<string, number>();
  let least = -Infinity;
  for (const { label, at } of placed) {
    const to = Math.max(at, least);
    shifts.set(label, to - at);
    least = to + LINE_HEIGHT;
  }
  return shifts;
}

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
  const shifts = shiftsOf(
    series.flatMap(({ label }) => of(label).slice(-1)),
    points.map((point) => point.y),
    { log: y.log ?? false, height: height - MARGIN.top - MARGIN.bottom },
  );
  return [
    chart(left, top, {
      width,
      height,
      marginLeft: 48,
      marginTop: MARGIN.top,
      marginRight: 12,
      marginBottom: MARGIN.bottom,
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
            dy: -6 + (shifts.get(label) ?? 0),
            fontWeight: 600,
          }),
        ),
      ],
    }),
  ];
}
