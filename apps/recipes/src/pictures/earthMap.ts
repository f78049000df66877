import { unitToLatLon } from '@flowfield/datasets';
import * as Plot from '@observablehq/plot';
import { type GeoProjection, geoEqualEarth } from 'd3-geo';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import atlas from 'world-atlas/land-110m.json' with { type: 'json' };
import { type Block, chart, colors, element, margin, type PictureWords, picture, text } from './canvas.ts';
import { type DensityScale, densityScale } from './densityScale.ts';
import { type DensityGrid, earthGrid, interpolateGrid } from './earthGrid.ts';
import { PictureError } from './pictureError.ts';

const topology = atlas as unknown as Topology<{ land: GeometryCollection }>;
const land = feature(topology, topology.objects.land);

const WIDTH = 1080;
const MAP_WIDTH = WIDTH - 2 * margin;
/** The aspect of the Equal Earth projection (Savric, Patterson, Jenny 2018). */
const MAP_HEIGHT = Math.round(MAP_WIDTH / 2.0548);
/** Side of a density pixel before contouring, in picture units. */
const CONTOUR_PIXEL = 2;

/** Unit vectors, row-major (n, 3). */
type Points = ArrayLike<number>;

export interface EarthMapOptions extends PictureWords {
  /** Training events, drawn as small dark dots. */
  train?: Points;
  /** Held-out events, drawn as orange dots. */
  test?: Points;
  /** Samples of the model, drawn as crimson dots. */
  samples?: Points;
  /** Log density of the model: a grid, or a function of unit vectors (n, 3) that is evaluated on a 180 x 360 grid. */
  density?: DensityGrid | ((points: Float64Array) => ArrayLike<number>);
  /** Names in the legend. */
  legend?: { train?: string; test?: string; samples?: string; density?: string };
}

const MARKS = {
  train: { color: '#16222b', r: 1, opacity: 0.55, stroke: 0, label: 'training data' },
  samples: { color: colors.model, r: 1.7, opacity: 0.85, stroke: 0.4, label: 'model samples' },
  test: { color: colors.heldOut, r: 2.3, opacity: 1, stroke: 0.7, label: 'held-out data' },
} as const;
type MarkName = keyof typeof MARKS;
/** Data lie on the samples, which are larger dots, so that neither hides the other. */
const DRAWING_ORDER = ['samples', 'train', 'test'] as const satisfies MarkName[];

/**
 * A world map in the Equal Earth projection, where equal areas look equal, so that shades can be compared by eye:
 * shaded log density relative to the uniform density, coastlines (Natural Earth 1:110m), data and samples, each left out
 * when not given.
 *
 * @returns SVG text, 1080 units wide
 * @throws PictureError when points are no (n, 3) unit vectors, or the density has the wrong size or no finite value
 */
export function earthMap({ title, subtitle, caption, density, legend = {}, ...points }: EarthMapOptions): string {
  const scale = density === undefined ? undefined : densityScale(readDensity(density));
  const layers = DRAWING_ORDER.filter((name) => points[name] !== undefined && points[name].length > 0);
  const names = { train: MARKS.train.label, test: MARKS.test.label, samples: MARKS.samples.label, ...legend };
  const world: Block = {
    height: MAP_HEIGHT + 22,
    draw: (top) => [worldChart(top, scale, layers, points)],
  };
  const legends: Block = {
    height: scale === undefined ? 22 : 52,
    draw: (top) => [
      ...(scale === undefined
        ? []
        : [densityLegend(top, scale, legend.density ?? 'model log density relative to uniform, in nats')]),
      ...markLegend(top, layers, names, scale === undefined),
    ],
  };
  return picture(WIDTH, { title, subtitle, caption }, [world, legends]);
}

function readDensity(density: NonNullable<EarthMapOptions['density']>): DensityGrid {
  if (typeof density !== 'function') return density;
  const { rows, columns, points } = earthGrid();
  return { rows, columns, logDensity: density(points) };
}

function worldChart(
  top: number,
  scale: DensityScale | undefined,
  layers: MarkName[],
  points: Partial<Record<MarkName, Points>>,
): Element {
  const projection = geoEqualEarth().fitSize([MAP_WIDTH, MAP_HEIGHT], { type: 'Sphere' });
  const marks: Plot.Markish[] = [Plot.sphere({ fill: '#f3f6f7', stroke: 'none' })];
  if (scale !== undefined) marks.push(densityContours(scale, projection));
  marks.push(
    Plot.graticule({ stroke: '#1f2a33', strokeOpacity: 0.09, strokeWidth: 0.6 }),
    scale === undefined ? Plot.geo(land, { fill: '#dfe5e8' }) : null,
    // The pale line keeps the coast in sight on dark shades.
    Plot.geo(land, { stroke: '#ffffff', strokeWidth: 1.6, strokeOpacity: 0.3 }),
    Plot.geo(land, { stroke: '#2b3a44', strokeWidth: 0.6, strokeOpacity: 0.75 }),
    ...layers.map((name) => dots(name, points[name]!)),
    Plot.sphere({ stroke: '#8a979f', strokeWidth: 1 }),
  );
  return chart(margin, top, {
    width: MAP_WIDTH,
    height: MAP_HEIGHT,
    margin: 0,
    projection: () => projection,
    color: scale === undefined ? undefined : scale.color,
    marks,
  });
}

/** Filled contours, computed where they are seen: each pixel of the map looks up its own place in the grid. */
function densityContours(scale: DensityScale, projection: GeoProjection): Plot.Markish {
  const interpolate = (_index: number[], width: number, height: number): Float64Array =>
    Float64Array.from({ length: width * height }, (_, k) => {
      const pixel: [number, number] = [
        ((k % width) + 0.5) * (MAP_WIDTH / width),
        (Math.floor(k / width) + 0.5) * (MAP_HEIGHT / height),
      ];
      const [longitude, latitude] = projection.invert!(pixel)!;
      return scale.clamp(interpolateGrid(scale.grid, latitude, longitude));
    });
  return Plot.contour([0], {
    x: [0],
    y: [0],
    value: [0],
    fill: 'value',
    interpolate: interpolate as unknown as Plot.RasterInterpolateFunction,
    pixelSize: CONTOUR_PIXEL,
    thresholds: scale.thresholds,
    clip: 'sphere',
  } as Plot.ContourOptions);
}

function dots(name: MarkName, points: Points): Plot.Markish {
  const { color, r, opacity, stroke } = MARKS[name];
  const { latitude, longitude } = readPoints(name, points);
  return Plot.dot(latitude, {
    x: longitude,
    y: latitude,
    r,
    fill: color,
    fillOpacity: opacity,
    stroke: stroke > 0 ? '#ffffff' : 'none',
    strokeWidth: stroke,
  });
}

function readPoints(name: MarkName, points: Points): { latitude: Float64Array; longitude: Float64Array } {
  try {
    return unitToLatLon(points);
  } catch (cause) {
    throw new PictureError(
      `earthMap: expected ${name} as unit vectors, row-major (n, 3), given others. ${(cause as Error).message}`,
      { cause },
    );
  }
}

function densityLegend(top: number, { thresholds, upper, step, color }: DensityScale, label: string): Element {
  const bands = thresholds.map((from) => ({ from, to: Math.min(from + step, upper) }));
  return chart(margin - 10, top - 14, {
    width: 440,
    height: 70,
    marginTop: 28,
    marginBottom: 26,
    marginLeft: 10,
    marginRight: 20,
    x: { domain: [thresholds[0]!, upper], label: null, ticks: 7, tickSize: 4 },
    y: { axis: null, domain: [0, 1] },
    color,
    marks: [
      Plot.rect(bands, { x1: 'from', x2: 'to', y1: 0, y2: 1, fill: 'from', inset: -0.2 }),
      Plot.text([label], { frameAnchor: 'top-left', dy: -22, fontSize: 13 }),
    ],
  });
}

function markLegend(top: number, layers: MarkName[], names: Record<MarkName, string>, atLeft: boolean): Element[] {
  const lineHeight = 21;
  const x = atLeft ? margin + 6 : margin + 500;
  return layers.flatMap((name, i) => {
    const { color, r, opacity, stroke } = MARKS[name];
    const [cx, cy] = atLeft ? [x + 190 * i, top + 6] : [x, top + 2 + lineHeight * i];
    return [
      element('circle', {
        cx,
        cy,
        r: Math.max(r * 1.8, 2.4),
        fill: color,
        'fill-opacity': Math.max(opacity, 0.8),
        stroke: '#ffffff',
        'stroke-width': stroke,
      }),
      text(cx + 14, cy + 4.5, names[name]),
    ];
  });
}
