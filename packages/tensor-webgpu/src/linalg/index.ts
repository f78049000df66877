export { det, slogdet } from './determinant.ts';
export { expm } from './expm.ts';
export { cholesky, eigh, qr, svd } from './factorizations.ts';
export { choleskySolve, inv, solve, type TriangularOptions, triangularSolve } from './solve.ts';
