import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { lossCurve } from './lossCurve.ts';
import { PictureError } from './pictureError.ts';

const steps = Array.from({ length: 100 }, (_, i) => 10 * i);
const loss = steps.map((step) => 3 * Math.exp(-step / 100) + 0.01);

describe('lossCurve', () => {
  it('marks the lowest held-out value and the references', () => {
    const svg = lossCurve({
      steps,
      loss,
      validation: {
        steps: [0, 500, 900],
        values: [2.5, 0.125, 0.2],
        label: 'held-out NLL',
        references: [{ value: 0.5, label: 'kernel density' }],
      },
    });
    expect(svg).toContain('lowest 0.125');
    expect(svg).toContain('kernel density');
    expect(svg).toContain('held-out NLL');
  });

  it.each([
    ['a single step', [0], [1]],
    ['constant losses', steps, steps.map(() => 2)],
    ['negative losses', steps, loss.map((value) => value - 1)],
    ['losses that stop being finite', steps, loss.map((value, i) => (i > 50 ? NaN : value))],
  ])('draws %s without NaN in the picture', (_, steps, loss) => {
    const svg = lossCurve({ steps, loss });
    expect(svg).toContain('<path');
    expect(svg).not.toContain('NaN');
  });

  const random = steps.map((_, i) => 1 + ((i * 7919) % 13) / 13);
  it.each([
    ['constant', steps.map(() => 2)],
    ['constant and zero', steps.map(() => 0)],
    ['all but constant', random.map((value) => 2 + 1e-9 * value)],
    ['constant and large', steps.map(() => 1234567.5)],
    ['constant and tiny', steps.map(() => 1e-9)],
    ['diverging', steps.map((_, i) => 0.1 * 10 ** (i / 3))],
    ['diverging to the largest number', steps.map((_, i) => 10 ** (i * 3))],
    ['diverging downwards', steps.map((_, i) => -(10 ** (i / 4)))],
    ['ordinary', random],
  ])('%s losses: labels are numbers that differ, fit, and lie apart', (_, loss) => {
    const { document } = parseHTML(
      `<html><body>${lossCurve({ steps, loss, validation: { steps, values: loss } })}</body></html>`,
    );
    const axes = document.querySelectorAll('g[aria-label="y-axis tick label"]');
    expect(axes).toHaveLength(2);
    for (const axis of axes) {
      const labels = [...axis.querySelectorAll('text')];
      const texts = labels.map((label) => label.textContent ?? '');
      expect(texts.length).toBeGreaterThanOrEqual(2);
      expect(new Set(texts).size).toBe(texts.length);
      for (const text of texts) {
        expect(text).toMatch(/^[−-]?[\d.,]+(e[+−-]?\d+)?$/);
        expect(text.length).toBeLessThanOrEqual(8);
      }
      const heights = labels
        .map((label) => Number(/,([-\d.]+)\)/.exec(label.getAttribute('transform') ?? '')?.[1]))
        .toSorted((a, b) => a - b);
      for (let i = 1; i < heights.length; i++) expect(heights[i] - heights[i - 1]).toBeGreaterThan(12);
    }
  });

  it('draws the same text again, whatever was drawn before', () => {
    const draw = () => lossCurve({ steps, loss, validation: { steps: [0, 500], values: [2, 1] } });
    expect(draw()).toBe(draw());
  });

  it('refuses unequal lengths and curves without a finite value', () => {
    expect(() => lossCurve({ steps: [0, 1], loss: [1] })).toThrow(PictureError);
    expect(() => lossCurve({ steps: [0, 1], loss: [NaN, NaN] })).toThrow(/diverge/);
    expect(() => lossCurve({ steps: [], loss: [] })).toThrow(PictureError);
    expect(() => lossCurve({ steps, loss, validation: { steps: [1], values: [] } })).toThrow(/validation/);
  });
});
