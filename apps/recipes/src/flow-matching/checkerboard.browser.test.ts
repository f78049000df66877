import { memoryStorage } from '@flowfield/train';
import { expect, test } from 'vitest';
import { paperNamed, partNamed, quietWork, runPart } from '../index.ts';

test('the part trains and draws in a page, from the same file', async () => {
  const pieces = new Map<string, ReturnType<typeof memoryStorage>>();
  const { figures, pictures } = await runPart(partNamed(paperNamed('flow-matching'), 'checkerboard'), {
    seed: 0,
    effort: 'quick',
    files: {
      benchmark: () => Promise.reject(new Error('it reads no files')),
      named: () => Promise.reject(new Error('it reads no files')),
    },
    work: quietWork,
    storage: (piece) => {
      if (!pieces.has(piece)) pieces.set(piece, memoryStorage());
      return pieces.get(piece)!;
    },
  });
  // As in Node: a good likelihood, and a straight path that needs fewer evaluations than the diffusion path.
  expect(figures.nll).toBeLessThan(4.05);
  expect(figures.nll).toBeGreaterThan(3.67);
  expect(figures.nfe).toBeLessThan(figures.nfeVp);

  document.body.innerHTML = pictures!.ot;
  const drawn = document.querySelector('svg')!;
  expect(drawn.getBoundingClientRect().width).toBeGreaterThan(900);
  expect(drawn.querySelectorAll('path').length).toBeGreaterThan(3);
});
