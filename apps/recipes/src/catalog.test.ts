import { describe, expect, test } from 'vitest';
import { paperNamed, papers, partNamed, recipeNamed, recipes } from './index.ts';

const parts = papers.flatMap((paper) =>
  paper.parts.map((part) => ({ paper, part, title: `${paper.name} ${part.name}` })),
);

test('no name stands for two', () => {
  for (const names of [recipes, papers, ...papers.map((paper) => paper.parts)]) {
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
  }
});

describe.each(parts)('$title', ({ part }) => {
  test('its metrics have names of their own, and the first is its own figure', () => {
    const names = part.metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(part.metrics[0].baseline).not.toBe(true);
  });

  test('one seed costs at most ten minutes', () => {
    expect(part.minutes).toBeGreaterThan(0);
    expect(part.minutes).toBeLessThanOrEqual(10);
  });

  test('a gate has a bound', () => {
    for (const { gate } of part.metrics) {
      if (gate !== undefined) expect(gate.atMost ?? gate.atLeast).toEqual(expect.any(Number));
    }
  });
});

test('presets of recipes are settings that they accept', () => {
  for (const { settings, presets } of recipes) {
    for (const values of Object.values(presets)) expect(settings.strict().safeParse(values).success).toBe(true);
  }
});

test('an unknown name is answered with the nearest', () => {
  expect(() => recipeNamed('erth')).toThrow("unknown recipe 'erth'");
  expect(() => paperNamed('flow-matchin')).toThrow("did you mean 'flow-matching'?");
  expect(() => partNamed(paperNamed('rfm'), 'floods')).toThrow("unknown part of rfm 'floods'");
});
