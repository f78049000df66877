import { add, div, mul, neg, sub } from './arithmetic.ts';
import { exp, log } from './exponential.ts';

/** Every primitive as a function on values of exact shapes and dtypes: the language that derivative rules are written in. */
export const lax = { add, sub, mul, div, neg, exp, log };

export type Lax = typeof lax;
