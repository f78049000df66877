import { colors, element } from '../canvas.ts';
import { PictureError } from '../pictureError.ts';
import type { Frame } from './frame.ts';

/** A rectangle of the plane. */
export interface Domain {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Points of the plane, in one or several colors. */
export interface PointsPanel {
  readonly kind: 'points';
  readonly title?: string;
  readonly domain: Domain;
  readonly series: readonly {
    /** Row-major (n, 2). */
    readonly points: ArrayLike<number>;
    readonly color?: string;
    readonly radius?: number;
    readonly opacity?: number;
  }[];
}

/** Dots, cut at the frame. One path a series: a dot is a line of no length with round ends. */
export function pointsPanel({ domain, series }: PointsPanel, frame: Frame): Element[] {
  const [toX, toY] = placing(domain, frame);
  const inside = (x: number, y: number): boolean =>
    x >= domain.x[0] && x <= domain.x[1] && y >= domain.y[0] && y <= domain.y[1];
  const dots = series.map(({ points, color = colors.train, radius = 0.9, opacity = 0.6 }) => {
    if (points.length % 2 !== 0) {
      throw new PictureError(
        `points: expected pairs of numbers, given ${points.length} numbers. Lay them out as (n, 2).`,
      );
    }
    const places: string[] = [];
    for (let i = 0; i < points.length; i += 2) {
      if (inside(points[i], points[i + 1])) {
        places.push(`M${toX(points[i]).toFixed(1)} ${toY(points[i + 1]).toFixed(1)}h0`);
      }
    }
    return element('path', {
      d: places.join(''),
      fill: 'none',
      stroke: color,
      'stroke-width': 2 * radius,
      'stroke-opacity': opacity,
      'stroke-linecap': 'round',
    });
  });
  return [...dots, border(frame)];
}

/** From numbers to places in a frame; y grows upwards. */
function placing({ x, y }: Domain, frame: Frame): [(value: number) => number, (value: number) => number] {
  return [
    (value) => frame.x + ((value - x[0]) / (x[1] - x[0])) * frame.width,
    (value) => frame.y + frame.height - ((value - y[0]) / (y[1] - y[0])) * frame.height,
  ];
}

/** A thin line around a panel. */
export function border({ x, y, width, height }: Frame): Element {
  return element('rect', { x, y, width, height, fill: 'none', stroke: colors.muted, 'stroke-opacity': 0.5 });
}
