import type { RewriteRule } from '../optimize/rewrite.ts';
import { elementwiseRewrites } from './elementwise.ts';
import { reductionRewrites } from './reductions.ts';
import { viewRewrites } from './views.ts';

/** Every rewrite rule, in the order in which they are tried. */
export const rewriteRules: readonly RewriteRule[] = [...elementwiseRewrites, ...reductionRewrites, ...viewRewrites];
