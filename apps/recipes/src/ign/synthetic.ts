import { adam, cosineSchedule } from '@flowfield/nn';
import { jit, random, stack, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { generated } from '@flowfield/train';
import type { Gate, Metric, Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { type Basis, matrixNet } from './matrixNet.ts';
import { columnSums, type MatrixTask, matrixTasks } from './matrixTasks.ts';

/** Nodes of the training matrices, and of those that are measured. */
const TRAINED = 16;
const MEASURED = [8, 16, 32, 64];
const TEST_MATRICES = 500;
const BATCH = 32;
/** What quick runs learn. */
const QUICK_TASKS: readonly MatrixTask['name'][] = ['projection', 'trace'];
const STEPS = { plain: 2000, quick: 1000, best: 2000 };

export const synthetic: Part = {
  name: 'synthetic',
  summary: 'symmetric part, diagonal, trace and singular vector of random matrices: 15 operations against 4',
  minutes: 3,
  efforts: ['quick'],
  metrics: [
    learned('projection', 'symmetric part', { atMost: 0.05, quick: { atMost: 0.08 } }),
    others('projection', 'symmetric part', '8, 32, 64', { atMost: 0.1 }),
    four('projection', 'symmetric part', { atLeast: 0.4 }),
    learned('trace', 'trace', { atMost: 0.01, quick: { atMost: 0.02 } }),
    others('trace', 'trace', '8, 32, 64', { atMost: 0.02 }),
    four('trace', 'trace', { atLeast: 0.85 }),
    ...[
      learned('diagonal', 'diagonal', { atMost: 0.1 }),
      others('diagonal', 'diagonal', '8, 32', { atMost: 0.15 }),
      { name: 'diagonal64', label: 'diagonal, n = 64', digits: 4 },
      four('diagonal', 'diagonal', { atLeast: 0.85 }),
      learned('vector', 'singular vector', { atMost: 0.12 }),
      others('vector', 'singular vector', '8, 32, 64'),
      four('vector', 'singular vector'),
      { name: 'columnSums', label: 'singular vector, n = 16: column sums', baseline: true, digits: 4 },
    ].map((metric) => ({ ...metric, quick: false })),
  ],
  async run(context) {
    const errors = new Map<string, number[]>();
    const tasks = matrixTasks.filter(({ name }) => context.effort !== 'quick' || QUICK_TASKS.includes(name));
    for (const task of tasks) {
      for (const basis of ['all', 'four'] as const)
        errors.set(`${task.name} ${basis}`, await fitted(context, task, basis));
    }
    const of = (name: string, basis: Basis, sizes: readonly number[] = MEASURED) =>
      sizes.map((n) => (errors.get(`${name} ${basis}`) as number[])[MEASURED.indexOf(n)]);
    const figures = tasks.flatMap(({ name }) => [
      [name, of(name, 'all', [TRAINED])[0]],
      [`${name}Others`, Math.max(...of(name, 'all', name === 'diagonal' ? [8, 32] : [8, 32, 64]))],
      [`${name}Four`, Math.min(...of(name, 'four'))],
    ]);
    const [vector] = tasks.filter(({ name }) => name === 'vector');
    return {
      figures: {
        ...Object.fromEntries(figures),
        ...(vector && {
          diagonal64: of('diagonal', 'all', [64])[0],
          columnSums: await errorOf(vector, columnSums, TRAINED, random.key(context.seed)),
        }),
      },
      pictures: { errors: errorPicture(tasks, of) },
    };
  },
};

function learned(name: string, label: string, gate: Gate): Metric {
  return { name, label: `${label}, n = 16: squared error over the variance`, gate, digits: 4 };
}

function others(name: string, label: string, sizes: string, gate?: Gate): Metric {
  return { name: `${name}Others`, label: `${label}, worst of n = ${sizes}`, ...(gate && { gate }), digits: 4 };
}

function four(name: string, label: string, gate?: Gate): Metric {
  return {
    name: `${name}Four`,
    label: `${label}, least of all n, 4 operations`,
    ...(gate && { gate }),
    baseline: true,
    digits: 4,
  };
}

/** Trains one net and measures it on fresh matrices of every size. */
async function fitted(context: PartContext, task: MatrixTask, basis: Basis): Promise<number[]> {
  const { seed, effort, trained, kept } = context;
  const net = matrixNet(task.order, basis);
  const steps = STEPS[effort];
  const spread = await varianceOf(task, TRAINED);
  type Params = ReturnType<typeof net.init>;
  const { params } = await trained(`${task.name}-${basis}`, {
    params: net.init(random.key(seed)),
    batches: generated((key): Tensor => task.draw(key, BATCH, TRAINED)),
    loss: (own: Params, a: Tensor): Tensor => net.apply(own, a).sub(task.target(a)).square().mean().div(spread),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 0.01, steps }) }),
    steps,
    innerSteps: 20,
  });
  const measure = (n: number) => errorOf(task, (a) => net.apply(params, a), n, random.key(seed));
  return kept(`errors-${task.name}-${basis}`, async () => {
    const errors: number[] = [];
    for (const n of MEASURED) errors.push(await measure(n));
    return errors;
  });
}

/** Of the entries of the target on matrices of n nodes. */
const varianceOf = async (task: MatrixTask, n: number): Promise<number> =>
  (await toHost(task.target(task.draw(random.key(0), 2000, n)).var())).item();

/** Mean squared error over the variance of the target, on fresh matrices, a few at a time. */
async function errorOf(task: MatrixTask, predict: (a: Tensor) => Tensor, n: number, key: random.Key): Promise<number> {
  const parts = 10;
  const moments = jit((part: random.Key): Tensor => {
    const a = task.draw(part, TEST_MATRICES / parts, n);
    const y = task.target(a);
    return stack([predict(a).sub(y).square().mean(), y.mean(), y.square().mean()]);
  });
  const keys = Array.from({ length: parts }, (_, part) => random.foldIn(random.foldIn(key, 1000 + n), part));
  const total = keys.map((part) => moments(part)).reduce((sum, one) => sum.add(one));
  const [error, mean, square] = Array.from(await total.div(parts).data(), Number);
  return error / (square - mean ** 2);
}

const errorPicture = (tasks: readonly MatrixTask[], of: (name: string, basis: Basis) => number[]): string =>
  figure({
    title: 'Error over variance, trained on n = 16',
    columns: 2,
    aspect: 0.7,
    panels: tasks.map(({ name, label }) => ({
      kind: 'lines' as const,
      title: label,
      x: { label: 'n', log: true },
      y: { label: 'error', log: true },
      series: [
        { label: '4 operations', x: MEASURED, y: of(name, 'four'), marked: true },
        { label: '15 operations', x: MEASURED, y: of(name, 'all'), marked: true },
      ],
    })),
  });
