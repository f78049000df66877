import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, arange, einsum, matmul, ShapeError, type Tensor, tensor } from '../index.ts';
import { contractionOrder } from './einsumOrder.ts';

const EXTENTS: Readonly<Record<string, number>> = { i: 2, j: 3, k: 2, l: 1 };

/** Sums over all values of all labels, straight from the definition. */
function bruteForce(terms: readonly string[], output: string, operands: readonly Tensor[]): number[] {
  const labels = [...new Set([...output, ...terms.join('')])];
  const outputExtents = [...output].map((label) => EXTENTS[label]);
  const result = new Array<number>(outputExtents.reduce((a, b) => a * b, 1)).fill(0);
  const data = operands.map((operand) => operand.dataSync());
  const flat = (term: string, at: Record<string, number>): number =>
    [...term].reduce((index, label) => index * EXTENTS[label] + at[label], 0);
  const visit = (depth: number, at: Record<string, number>): void => {
    if (depth === labels.length) {
      result[flat(output, at)] += terms.reduce((product, term, k) => product * data[k][flat(term, at)], 1);
      return;
    }
    for (let value = 0; value < EXTENTS[labels[depth]]; value++) visit(depth + 1, { ...at, [labels[depth]]: value });
  };
  visit(0, {});
  return result;
}

describe('einsum', () => {
  test('agrees with the definition for random equations', () => {
    const term = fc.array(fc.constantFrom('i', 'j', 'k', 'l'), { maxLength: 3 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 4 }), fc.nat(), (terms, choice) => {
        const labels = [...new Set(terms.join(''))];
        const output = labels
          .filter((_, i) => (choice >> i) & 1)
          .reverse()
          .join('');
        const operands = terms.map((letters, n) => {
          const shape = [...letters].map((label) => EXTENTS[label]);
          return arange(shape.reduce((a, b) => a * b, 1))
            .add(n - 1)
            .reshape(shape);
        });
        const actual = einsum(`${terms.join(',')}->${output}`, ...operands);
        expect(actual.shape).toEqual([...output].map((label) => EXTENTS[label]));
        expect(Array.from(actual.dataSync())).toEqual(bruteForce(terms, output, operands));
      }),
      { numRuns: 60 },
    );
  });

  test('without an arrow the output has the labels that occur once, sorted', () => {
    const x = arange(6).reshape([2, 3]);
    expect(einsum('ba', x).toArray()).toEqual(x.T.toArray());
    expect(einsum('ij,jk', x, x.T).toArray()).toEqual(matmul(x, x.T).toArray());
    expect(
      einsum('ii', [
        [1, 2],
        [3, 4],
      ]).item(),
    ).toBe(5);
  });

  test('dots stand for any axes, which broadcast', () => {
    const x = arange(24).reshape([2, 3, 4]);
    expect(einsum('...ij,...kj->...ik', x, x.slice(0)).shape).toEqual([2, 3, 3]);
    expect(einsum('i...->...i', x).shape).toEqual([3, 4, 2]);
    expect(einsum('...,...', x, tensor([[1], [0], [2]])).toArray()).toEqual(x.mul([[1], [0], [2]]).toArray());
  });

  test('what cannot be is a named error', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(() => einsum('ij->k', x)).toThrow(ArgumentError);
    expect(() => einsum('ij->ii', x)).toThrow(ArgumentError);
    expect(() => einsum('i+j', x)).toThrow(ArgumentError);
    expect(() => einsum('ij,jk', x)).toThrow(/2 terms for 1 operands/);
    expect(() => einsum('i->i', x)).toThrow(ShapeError);
    expect(() => einsum('ij,jk->ik', x, tensor([[1], [2], [3]]))).toThrow(/label 'j'.*extents 2 and 3/);
  });
});

describe('the order of contraction', () => {
  const orderCost = (terms: string[], output: string, extents: Map<string, number>): number => {
    let current = terms.map((term) => new Set(term));
    let total = 0;
    for (const [i, j] of contractionOrder(
      terms.map((term) => [...term]),
      [...output],
      extents,
    )) {
      const union = new Set([...current[i], ...current[j]]);
      total += [...union].reduce((product, label) => product * (extents.get(label) as number), 1);
      const rest = current.filter((_, k) => k !== i && k !== j);
      const needed = new Set([...output, ...rest.flatMap((labels) => [...labels])]);
      current = [...rest, new Set([...union].filter((label) => needed.has(label)))];
    }
    expect(current.length).toBe(1);
    return total;
  };

  test('is the cheapest one for a chain of matrices', () => {
    const extents = new Map(Object.entries({ a: 10, b: 100, c: 5, d: 50 }));
    // (A B) C costs 10·100·5 + 10·5·50 = 7500; A (B C) costs 75000.
    expect(orderCost(['ab', 'bc', 'cd'], 'ad', extents)).toBe(7500);
  });

  test('comes to an end for many operands', () => {
    const letters = [...'abcdefghijkl'];
    const terms = letters.slice(1).map((letter, i) => letters[i] + letter);
    const extents = new Map(letters.map((letter) => [letter, 3] as const));
    expect(orderCost(terms, 'al', extents)).toBe((terms.length - 1) * 27);
  });
});

describe('matmul', () => {
  test('inner extents that differ name both shapes', () => {
    expect(() => matmul([[1, 2]], [[1, 2]])).toThrow(ShapeError);
    expect(() => matmul([[1, 2]], [[1, 2]])).toThrow(/\[1, 2\] and \[1, 2\]/);
    expect(() => matmul(2, [[1, 2]])).toThrow(ShapeError);
  });
});
