import * as Plot from '@observablehq/plot';
import { type Block, chart, colors, margin, type PictureWords, picture } from './canvas.ts';
import { PictureError } from './pictureError.ts';

const WIDTH = 860;
const CHART_WIDTH = WIDTH - 2 * margin;
const LOSS_HEIGHT = 310;
const VALIDATION_HEIGHT = 230;
/** Size and margins that line up the two charts. */
const FRAME = { width: CHART_WIDTH, marginLeft: 52, marginTop: 32, marginRight: 30, marginBottom: 40 };
/** Share of the curve that one running mean covers. */
const SMOOTHING_SHARE = 1 / 50;
/** Share of the lowest losses that may fall below a logarithmic axis. */
const OUTLIER_SHARE = 0.002;
/** A logarithmic axis pays where the losses span more than this factor. */
const LOG_AXIS_FACTOR = 5;

/** A held-out quantity during training. */
interface ValidationSeries {
  steps: ArrayLike<number>;
  values: ArrayLike<number>;
  /** Name on the axis; `'validation'` when left out. */
  label?: string;
  /** Horizontal lines to compare with, such as a baseline. */
  references?: readonly { value: number; label: string }[];
}

export interface LossCurveOptions extends PictureWords {
  steps: ArrayLike<number>;
  loss: ArrayLike<number>;
  /** Name on the axis; `'training loss'` when left out. */
  lossLabel?: string;
  validation?: ValidationSeries;
}

/** Labels that an axis has room for. */
const MOST_TICKS = 10;
/** Values that differ by less than this share of their size are shown as the same. */
const LEAST_SPREAD = 1e-3;

interface Point {
  step: number;
  value: number;
}

/**
 * Training curve: each loss as a faint line and its running mean as a strong one, on a logarithmic axis where positive losses
 * span more than a factor of 5. Held-out values have a chart of their own below, because likelihoods and losses share no unit;
 * the lowest is marked.
 *
 * @returns SVG text, 860 units wide
 * @throws PictureError when lengths differ, or no value is finite; single values that are not finite leave a gap
 */
export function lossCurve({
  steps,
  loss,
  lossLabel = 'training loss',
  validation,
  ...words
}: LossCurveOptions): string {
  const points = readPoints('loss', steps, loss);
  const held = validation === undefined ? undefined : readPoints('validation', validation.steps, validation.values);
  const end = Math.max(points.at(-1)!.step, held?.at(-1)?.step ?? 0, 1);
  const x = {
    domain: [0, end],
    // Steps are whole.
    ticks: Math.min(MOST_TICKS, end),
    tickFormat: (step: number) => step.toLocaleString('en'),
  };
  const blocks = [lossBlock(points, { ...x, label: held === undefined ? 'step' : null }, lossLabel)];
  if (held !== undefined) blocks.push(validationBlock(held, { ...x, label: 'step' }, validation!));
  return picture(WIDTH, words, blocks);
}

function lossBlock(points: Point[], x: Plot.ScaleOptions, label: string): Block {
  const y = lossAxis(points.map(({ value }) => value).filter(Number.isFinite));
  const running = Plot.windowY(
    { k: Math.max(1, Math.round(points.length * SMOOTHING_SHARE)) },
    { x: 'step', y: 'value', stroke: colors.train, strokeWidth: 2, clip: true },
  );
  return {
    height: LOSS_HEIGHT,
    draw: (top) => [
      chart(margin, top, {
        ...FRAME,
        height: LOSS_HEIGHT,
        x,
        y: { ...y, label, grid: true },
        marks: [
          Plot.line(points, {
            x: 'step',
            y: 'value',
            stroke: colors.train,
            strokeOpacity: 0.25,
            strokeWidth: 1,
            clip: true,
          }),
          Plot.line(points, running),
        ],
      }),
    ],
  };
}

/**
 * A linear axis whose labels fit beside it and differ: values that are all the same get room around them, and very large
 * or small ones exponents.
 */
function linearAxis(values: number[]): Plot.ScaleOptions {
  const finite = values.filter(Number.isFinite);
  let [lower, upper] = extent(finite);
  const size = Math.max(Math.abs(lower), Math.abs(upper));
  if (upper / 2 - lower / 2 <= (LEAST_SPREAD * size) / 2) {
    const room = size === 0 ? 1 : size / 20;
    [lower, upper] = [lower - room, upper + room];
  }
  const plain = size === 0 || (size >= 1e-3 && size < 1e5);
  return { type: 'linear', domain: [lower, upper], nice: true, ticks: 6, ...(!plain && { tickFormat: '~g' }) };
}

/** The lowest and the highest value. */
const extent = (values: readonly number[]): [number, number] =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

/** A range that single low outliers do not stretch, and round ticks on it. */
function lossAxis(losses: number[]): Plot.ScaleOptions {
  const sorted = Float64Array.from(losses).sort();
  const lower = sorted[Math.floor(sorted.length * OUTLIER_SHARE)]!;
  const upper = sorted.at(-1)!;
  if (!(lower > 0 && upper / lower > LOG_AXIS_FACTOR)) return linearAxis(losses);
  const domain = [Math.max(lower * 0.9, Number.MIN_VALUE), Math.min(upper * 1.1, Number.MAX_VALUE)] as const;
  const decades = Array.from(
    { length: Math.ceil(Math.log10(domain[1] / domain[0])) + 1 },
    (_, i) => Math.floor(Math.log10(domain[0])) + i,
  );
  const mantissas = decades.length > 4 ? [1] : [1, 2, 5];
  // Every decade, every second one, ..., so that labels have room.
  const stride = Math.ceil(decades.length / MOST_TICKS);
  const labelled = decades.filter((decade) => decade % stride === 0);
  const ticks = labelled.flatMap((decade) => mantissas.map((mantissa) => Number(`${mantissa}e${decade}`)));
  return {
    type: 'log',
    domain,
    ticks: ticks.filter((tick) => tick >= domain[0] && tick <= domain[1]),
    tickFormat: '~g',
  };
}

function validationBlock(
  points: Point[],
  x: Plot.ScaleOptions,
  { label = 'validation', references = [] }: ValidationSeries,
): Block {
  const drawn = references.filter(({ value }) => Number.isFinite(value));
  const best = points.filter(({ value }) => Number.isFinite(value)).reduce((a, b) => (b.value < a.value ? b : a));
  return {
    height: VALIDATION_HEIGHT,
    draw: (top) => [
      chart(margin, top, {
        ...FRAME,
        height: VALIDATION_HEIGHT,
        x,
        y: { ...linearAxis([...points, ...drawn].map(({ value }) => value)), label, grid: true },
        marks: [
          Plot.ruleY(drawn, { y: 'value', stroke: colors.muted, strokeDasharray: '4 3' }),
          Plot.text(drawn, {
            y: 'value',
            text: 'label',
            // The curve ends at the right, with a label of its own.
            frameAnchor: 'left',
            textAnchor: 'start',
            lineAnchor: 'bottom',
            dx: 4,
            dy: -4,
            fill: colors.muted,
          }),
          Plot.line(points, {
            x: 'step',
            y: 'value',
            stroke: colors.model,
            strokeWidth: 2,
            marker: points.length <= 60 ? 'dot' : 'none',
          }),
          Plot.dot([best], { x: 'step', y: 'value', r: 5, fill: colors.paper, stroke: colors.model, strokeWidth: 2 }),
          Plot.text([best], {
            x: 'step',
            y: 'value',
            text: ({ value }: Point) => `lowest ${value.toFixed(3)}`,
            dy: -14,
            stroke: colors.paper,
            strokeWidth: 4,
            fill: colors.ink,
          }),
        ],
      }),
    ],
  };
}

function readPoints(name: string, steps: ArrayLike<number>, values: ArrayLike<number>): Point[] {
  if (steps.length !== values.length) {
    throw new PictureError(
      `lossCurve: expected one ${name} value per step, given ${steps.length} steps and ${values.length} values. Record both together.`,
    );
  }
  const points = Array.from({ length: steps.length }, (_, i) => ({ step: steps[i]!, value: values[i]! }));
  if (!points.some(({ value }) => Number.isFinite(value))) {
    throw new PictureError(
      `lossCurve: expected at least one finite ${name} value, given none in ${values.length}. Check that the training did not diverge.`,
    );
  }
  return points;
}
