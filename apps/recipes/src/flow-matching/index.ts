import type { Paper } from '../part.ts';
import { checkerboard } from './checkerboard.ts';
import { checkerboardPart } from './checkerboardPart.ts';
import { digitsPart } from './digitsPart.ts';
import { discreteCheckerboard } from './discreteCheckerboard.ts';
import { exact } from './exact.ts';
import { solverError } from './solverError.ts';

const { quick, wide, fine } = checkerboard.presets;

export const flowMatching: Paper = {
  name: 'flow-matching',
  reference: 'Lipman, Chen, Ben-Hamu, Nickel, Le: Flow Matching for Generative Modeling, 2022',
  parts: [
    exact,
    checkerboardPart({
      name: 'checkerboard',
      summary: 'straight against diffusion path, 4 x 128, on the checkerboard',
      minutes: 3,
      efforts: ['quick'],
      settings: { quick },
      gates: { nll: { atMost: 3.92 }, offShare: { atMost: 14 }, nfe: { atMost: 60 } },
      compare: true,
    }),
    checkerboardPart({
      name: 'checkerboard-256',
      summary: 'the straight path with a wider net, 4 x 256',
      minutes: 6,
      efforts: ['best'],
      settings: { plain: wide, best: fine },
      gates: { nll: { atMost: 3.82 }, offShare: { atMost: 8 }, nfe: { atMost: 80 } },
      compare: false,
    }),
    solverError,
    discreteCheckerboard,
    digitsPart('ot'),
    digitsPart('vp'),
  ],
};
