import { gaussianMixture } from '../mixtures/gaussianMixture.ts';

/** Three Gaussians on a line: what transitions are checked on. */
export const line = { means: [-2, 0.5, 1.5], deviations: [0.3, 0.5, 0.2], weights: [0.3, 0.3, 0.4] } as const;

/** The same as points of shape (n, 1). */
export const lineMixture = gaussianMixture({
  weights: line.weights,
  means: line.means.map((mean) => [mean]),
  variances: line.deviations.map((deviation) => deviation ** 2),
});
