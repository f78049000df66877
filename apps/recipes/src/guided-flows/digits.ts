import { midpoint } from '@flowfield/ode-solvers';
import { frechetDistance, guidedModel, mapBatches, momentsOf, sampleOde } from '@flowfield/samplers';
import { arange, jit, onHost, random, type Tensor } from '@flowfield/tensor-webgpu';
import { digitClassifier } from '../digits/digitClassifier.ts';
import { NONE } from '../digits/digitField.ts';
import { asPixels, centered, DIGITS, digitFiles, loadDigits } from '../digits/digitImages.ts';
import { LABELLED_SIZES, SIDE, trainedLabelledField } from '../digits/labelledField.ts';
import type { Metric, Outcome, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';

const WEIGHTS = [0, 1, 1.5, 2, 3, 5] as const;
/** Weights up to which more guidance must not make digits less clear. */
const CLEARER_TO = 3;
const ODE_STEPS = 20;
const SOLVER_BATCH = 500;
/** Images of each digit in the picture. */
const SHOWN = 4;
const SHOWN_WEIGHTS = [0, 1, 2, 5] as const;

const metrics: Metric[] = [
  {
    name: 'reach',
    label: 'accuracy at ω = 2: points beyond that at ω = 1 + 2, or beyond 99 %',
    gate: { atLeast: 0 },
    digits: 2,
  },
  {
    name: 'fall',
    label: 'largest fall of accuracy from one ω to the next, up to 3, points',
    gate: { atMost: 1 },
    digits: 2,
  },
  { name: 'best', label: 'ω of the least Fréchet distance', gate: { atLeast: 1, atMost: 2 }, digits: 1 },
  { name: 'growth', label: 'Fréchet distance at ω = 5 over the least', gate: { atLeast: 1.0001 }, digits: 2 },
  ...WEIGHTS.map((weight): Metric => ({ name: `right${weight}`, label: `accuracy at ω = ${weight}, %`, digits: 2 })),
  ...WEIGHTS.map((weight): Metric => ({ name: `distance${weight}`, label: `Fréchet distance at ω = ${weight}` })),
  { name: 'classifier', label: 'accuracy of the judge on held-out digits, %', gate: { atLeast: 96 }, digits: 2 },
  { name: 'floor', label: 'Fréchet distance of as many training digits', baseline: true },
];

/** Guidance of digits over its weight: Zheng et al. 2023, section 5.1, on what a laptop can train. */
export const digits: Part = {
  name: 'digits',
  summary: 'digits of 14 x 14 pixels by class, over the weight of guidance, judged by a classifier',
  minutes: 9,
  efforts: ['quick', 'best'],
  data: [digitFiles.images, digitFiles.labels],
  metrics,
  run,
};

async function run(context: PartContext): Promise<Outcome> {
  const { seed, effort, files, kept, work } = context;
  const { steps, samples } = LABELLED_SIZES[effort];
  const { train, held } = await loadDigits(files, SIDE);
  const judge = await digitClassifier(context, train, SIDE ** 2);
  const { field, params } = await trainedLabelledField(context, train);
  const key = (use: number): random.Key => random.foldIn(random.key(seed), use);

  const draw = jit(
    (own: typeof params, x0: Tensor, condition: Tensor, weight: number): Tensor => {
      const velocity = (x: Tensor, t: Tensor, label: Tensor): Tensor => field.velocity(own, x, t, label);
      const guided = guidedModel(velocity, weight, { condition, empty: condition.mul(0).add(NONE) });
      return sampleOde(guided, x0, { solver: midpoint(), steps: ODE_STEPS }).ys;
    },
    { staticArgnums: [3] },
  );
  // Every digit as often as any other: 0 to 9, again and again.
  const label = arange(0, samples).mod(DIGITS).astype('i32');
  const noise = random.normal(key(1), [samples, SIDE ** 2]);
  const real = await kept('judge', async () => {
    const found = await judge.judged(centered(held.pixels), held.label);
    const other = train.pixels.slice([0, samples]);
    const floor = await onHost(momentsOf)(await mapBatches(jit(judge.features), centered(other), { batchSize: 1000 }));
    return { accuracy: found.accuracy, floor: frechetDistance(floor, found.moments) };
  });
  const heldOut = (await judge.judged(centered(held.pixels), held.label)).moments;

  const found: { weight: number; right: number; distance: number; images: number[] }[] = [];
  for (const weight of WEIGHTS) {
    found.push(
      await kept(`weight-${weight}`, async () => {
        let from = 0;
        const x = await mapBatches(
          (x0: Tensor) => {
            const rows = label.slice([from, from + x0.shape[0]]);
            from += x0.shape[0];
            return draw(params, x0, rows, weight);
          },
          noise,
          {
            batchSize: SOLVER_BATCH,
            signal: work.signal,
            onProgress: ({ done, total }) => work.progress(`ω = ${weight}`, done, total),
          },
        );
        const clipped = centered(asPixels(x));
        const seen = await judge.judged(clipped, label);
        const shown = await asPixels(x.slice([0, SHOWN * DIGITS])).data();
        return {
          weight,
          right: 100 * seen.accuracy,
          distance: frechetDistance(seen.moments, heldOut),
          images: Array.from(shown, (value) => Math.round(100 * value) / 100),
        };
      }),
    );
  }
  const at = (weight: (typeof WEIGHTS)[number]) => found[WEIGHTS.indexOf(weight)];
  const least = found.reduce((a, b) => (b.distance < a.distance ? b : a));
  const clear = found.filter(({ weight }) => weight <= CLEARER_TO);
  const figures = {
    reach: Math.max(at(2).right - at(1).right - 2, at(2).right - 99),
    fall: Math.max(...clear.slice(1).map(({ right }, i) => clear[i].right - right)),
    best: least.weight,
    growth: at(5).distance / least.distance,
    ...Object.fromEntries(found.map(({ weight, right }) => [`right${weight}`, right])),
    ...Object.fromEntries(found.map(({ weight, distance }) => [`distance${weight}`, distance])),
    classifier: 100 * real.accuracy,
    floor: real.floor,
  };
  const words = `${field.words}, ${steps.toLocaleString('en')} steps of training, midpoint with ${ODE_STEPS} steps, seed ${seed}.`;
  const size = { width: SIDE, height: SIDE, columns: DIGITS } as const;
  return {
    figures,
    pictures: {
      samples: figure({
        title: 'Digits by class, guided more and more',
        subtitle: `Fréchet distance least at ω = ${least.weight}: ${least.distance.toFixed(2)}; of real digits ${real.floor.toFixed(2)}`,
        caption: `The same noise for every ω; ${words}`,
        panelWidth: 330,
        aspect: SHOWN / DIGITS,
        columns: 2,
        panels: SHOWN_WEIGHTS.map((weight) => ({
          kind: 'images',
          title: `ω = ${weight}: ${at(weight).right.toFixed(1)} % taken for their class`,
          values: at(weight).images,
          ...size,
        })),
      }),
      curve: figure({
        title: 'What guidance costs and gives',
        caption: `${samples.toLocaleString('en')} samples for each ω; ${words}`,
        panelWidth: 380,
        aspect: 0.7,
        panels: [
          {
            kind: 'lines',
            x: { label: 'ω' },
            y: { label: 'Fréchet distance' },
            series: [
              { label: 'samples', x: WEIGHTS, y: found.map(({ distance }) => distance), marked: true },
              { label: 'real digits', x: [0, 5], y: [real.floor, real.floor], dash: '4 3' },
            ],
          },
          {
            kind: 'lines',
            x: { label: 'ω' },
            y: { label: 'taken for their class, %' },
            series: [{ label: 'samples', x: WEIGHTS, y: found.map(({ right }) => right), marked: true }],
          },
        ],
      }),
    },
  };
}
