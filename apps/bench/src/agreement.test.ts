import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check } from './agreement.ts';
import type { Contender, Job } from './contender.ts';
import { contenders, PLAIN } from './contenders/contenders.ts';
import { attempt, measure } from './measure.ts';
import { trainingProblem } from './models/models.ts';
import type { Problem } from './problem.ts';
import { mapProblem, productProblem, samplingProblem } from './problem.ts';
import type { Missing } from './remote/remote.ts';
import { perceptronRow, rows } from './rows.ts';

const widths = [3, 8, 8, 1];
const batch = 6;

/** What every library takes part in, unless it says otherwise; one problem of each kind. */
const problems: Record<string, { problem: Problem; nested?: boolean }> = {
  ...Object.fromEntries(
    (['regression', 'eikonal'] as const).flatMap((model) =>
      (['softplus', 'tanh'] as const).map((activation) => [
        `${model}, ${activation}`,
        { problem: trainingProblem(model, { activation, widths, batch }), nested: model === 'eikonal' },
      ]),
    ),
  ),
  ...Object.fromEntries((['A·B', 'A·Bᵀ', 'Aᵀ·B'] as const).map((form) => [form, { problem: productProblem(form, 7) }])),
  ...Object.fromEntries(
    (['tanh', 'exp', 'sin', 'log', 'softplus', 'softmax', 'sum'] as const).map((name) => [
      name,
      { problem: mapProblem(name, [13, 17]) },
    ]),
  ),
  sampling: { problem: samplingProblem(8, 2, 5, 4) },
};
for (const row of rows) {
  const problem = row.tiny?.();
  if (problem?.kind === 'training')
    problems[`${problem.model}, ${problem.optimizer}`] = { problem, nested: row.nested };
}

let entrants: (Contender | Missing)[] = [];
beforeAll(async () => {
  entrants = await contenders({ threads: 1, javascript: true });
}, 120_000);
afterAll(() => {
  for (const entrant of entrants) if (!('missing' in entrant)) entrant.close?.();
});

test.for([PLAIN, 'wide', 'JAX', 'PyTorch', 'jax-js', 'tfjs'])(
  '%s computes every problem that it takes part in',
  { timeout: 300_000 },
  async (name, { skip }) => {
    const entrant = entrants.find((each) => each.name === name) as Contender | Missing;
    if ('missing' in entrant) return skip(`${name}: ${entrant.missing}`);
    let taken = 0;
    for (const [title, { problem, nested = false }] of Object.entries(problems)) {
      const checks = { tiny: null, full: { problem, check: check(problem) } };
      const { job, remarks } = await attempt(entrant, checks, nested);
      // A way around is taken by peers alone; who has no such row says nothing.
      if (name === PLAIN || !job) expect(remarks, title).toEqual([]);
      if (job) taken++;
      await job?.dispose();
    }
    expect(taken).toBeGreaterThan(10);
    if (name === PLAIN) expect(taken).toBe(Object.keys(problems).length);
  },
);

/** A finished job with given outputs. */
const answering = (outputs: Float32Array[]): Job => ({
  run: () => {},
  outputs: async () => outputs,
  dispose: () => {},
});

describe('a check finds', () => {
  const problem = trainingProblem('eikonal', { activation: 'tanh', widths, batch });
  const outputsOf = async (given: Problem): Promise<Float32Array[]> => {
    const ours = entrants.find((each) => each.name === PLAIN) as Contender;
    const job = (await ours.start(given)) as Job;
    await job.run();
    const outputs = await job.outputs();
    await job.dispose();
    return outputs;
  };

  test('a wrong loss', async () => {
    const [loss, ...parameters] = await outputsOf(problem);
    const verdict = await check(problem)(answering([loss.map((value) => 1.001 * value), ...parameters]));
    expect(verdict).toMatch(/^loss/);
  });

  test('a gradient that lacks one parameter', async () => {
    const [loss, ...parameters] = await outputsOf(problem);
    for (const i of [0, 2, 4]) {
      const frozen = parameters.with(i, problem.parameters[i].data as Float32Array);
      expect(await check(problem)(answering([loss, ...frozen]))).toMatch(/^gradient/);
    }
  });

  test('numbers that are not numbers', async () => {
    const [loss, ...parameters] = await outputsOf(problem);
    const verdict = await check(problem)(answering([loss, ...parameters.map((data) => data.map(() => NaN))]));
    expect(verdict).toMatch(/^gradient/);
  });

  test('Adam without its second moment, by the loss two steps later', async () => {
    const adam = trainingProblem('flowMatching', { activation: 'tanh', widths: [3, 4, 2], batch }, 'adam');
    const ours = entrants.find((each) => each.name === PLAIN) as Contender;
    const descent = (await ours.start({ ...adam, optimizer: 'descent' })) as Job;
    expect(await check(adam)(descent)).toMatch(/^loss .* after 1 steps/);
    await descent.dispose();
  });

  test('one wrong element of a product', async () => {
    const product = productProblem('A·Bᵀ', 7);
    const [matrix] = await outputsOf(product);
    matrix[48] += 1e-3;
    expect(await check(product)(answering([matrix]))).toMatch(/^element 48/);
    matrix[48] = Number.NaN;
    expect(await check(product)(answering([matrix]))).toMatch(/^element 48/);
  });
});

test('a contender that differs from the first at the full size has no time', { timeout: 60_000 }, async () => {
  const ours = entrants.find((each) => each.name === PLAIN) as Contender;
  const row = perceptronRow('flowMatching', 'tanh', [3, 6, 2], 40, null, 'adam');
  const large = { ...perceptronRow('regression', 'tanh', [3, 6, 1], 40), tiny: row.tiny };
  const skewed: Contender = {
    name: 'skewed',
    version: '0',
    start: async (problem) => {
      const job = (await ours.start(problem)) as Job;
      const wrong = problem.kind === 'training' && problem.model === 'regression';
      return {
        ...job,
        outputs: async () => (await job.outputs()).map((data) => data.map((x) => (wrong ? 1.01 * x : x))),
      };
    },
  };
  const options = { blockMs: 1, repetitions: 1, warmUpMs: 1, mostMs: 1, clock: 'wall' } as const;
  const { entries } = await measure(large, [ours, skewed], options);
  expect(entries.map(({ timing }) => timing !== null)).toEqual([true, false]);
  expect(entries[1].remarks.join()).toMatch(/^wrong numbers \(loss .*, ours/);
});
