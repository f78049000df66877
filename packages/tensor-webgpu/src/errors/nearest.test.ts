import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest.ts';

const names = ['learningRate', 'beta1', 'beta2', 'epsilon'];

describe('the name that a misspelt one is likely to stand for', () => {
  it.each([
    ['learningrate', 'learningRate'],
    ['learnigRate', 'learningRate'],
    ['beta_1', 'beta1'],
    ['lr', 'learningRate'],
    ['eps', 'epsilon'],
    ['b2', 'beta2'],
  ])('%s is %s', (given, meant) => {
    expect(nearestName(given, names)).toBe(meant);
  });

  it.each(['momentum', 'x', ''])('there is none for %j', (given) => {
    expect(nearestName(given, names)).toBeNull();
  });

  it('is the name itself where it is given', () => {
    fc.assert(fc.property(fc.constantFrom(...names), (name) => nearestName(name, names) === name));
  });
});
