import { beforeAll, describe, expect, test } from 'vitest';
import { productCheck, trainingCheck } from './agreement.ts';
import type { Contender, Job } from './contender.ts';
import { contenders } from './contenders/contenders.ts';
import { attempt } from './measure.ts';
import { productProblem, trainingProblem } from './problem.ts';
import { productRow, trainingRow } from './rows.ts';

const widths = [3, 8, 8, 1];
const batch = 6;
const losses = ['regression', 'eikonal'] as const;
const activations = ['softplus', 'tanh'] as const;
const forms = ['A·B', 'A·Bᵀ', 'Aᵀ·B'] as const;

let entrants: Contender[] = [];
beforeAll(async () => {
  entrants = await contenders();
});

/** A finished job with given outputs. */
const answering = (outputs: Float32Array[]): Job => ({
  run: () => {},
  outputs: async () => outputs,
  dispose: () => {},
});

const tinyRows = [
  ...losses.flatMap((loss) => activations.map((activation) => trainingRow(loss, activation, widths, batch))),
  ...forms.map((form) => productRow(form, 7)),
];

describe.each(tinyRows)('$name', (row) => {
  test('every library computes it, in one way or another', async () => {
    const { check, ways } = row.prepare();
    for (const entrant of entrants) {
      const { job, remarks } = await attempt(entrant, ways, check);
      expect(job, `${entrant.name}: ${remarks.join('; ')}`).not.toBeNull();
      job?.dispose();
    }
  });

  test('ours needs no way around', async () => {
    const { check, ways } = row.prepare();
    const { job, remarks } = await attempt(entrants[0], ways, check);
    expect(remarks).toEqual([]);
    job?.dispose();
  });
});

describe('a check finds', () => {
  const problem = trainingProblem('eikonal', 'tanh', widths, batch);
  const outputsOf = async () => {
    const job = entrants[0].training(problem);
    await job.run();
    const outputs = await job.outputs();
    job.dispose();
    return outputs;
  };

  test('a wrong loss', async () => {
    const [loss, ...parameters] = await outputsOf();
    const verdict = await trainingCheck(problem)(answering([loss.map((value) => 1.001 * value), ...parameters]));
    expect(verdict).toMatch(/^loss/);
  });

  test('a gradient that lacks one parameter', async () => {
    const [loss, ...parameters] = await outputsOf();
    for (const i of [0, 2, 4]) {
      const frozen = parameters.with(i, problem.parameters[i]);
      expect(await trainingCheck(problem)(answering([loss, ...frozen]))).toMatch(/^gradient/);
    }
  });

  test('numbers that are not numbers', async () => {
    const [loss, ...parameters] = await outputsOf();
    const verdict = await trainingCheck(problem)(answering([loss, ...parameters.map((data) => data.map(() => NaN))]));
    expect(verdict).toMatch(/^gradient/);
  });

  test('one wrong element of a product', async () => {
    const product = productProblem('A·Bᵀ', 7);
    const job = entrants[0].product(product);
    await job.run();
    const [matrix] = await job.outputs();
    job.dispose();
    matrix[48] += 1e-3;
    expect(await productCheck(product)(answering([matrix]))).toMatch(/^largest error/);
    matrix[48] = Number.NaN;
    expect(await productCheck(product)(answering([matrix]))).not.toBeNull();
  });
});
