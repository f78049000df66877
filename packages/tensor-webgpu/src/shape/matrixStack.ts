import { type Shape, sizeOf } from './shape.ts';

/** Rows, columns and number of a stack of matrices [B…, rows, columns]. */
export interface MatrixStack {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly batch: Shape;
}

export function matrixStack({ shape }: { readonly shape: Shape }): MatrixStack {
  const batch = shape.slice(0, -2);
  return { count: sizeOf(batch), rows: shape[shape.length - 2], columns: shape[shape.length - 1], batch };
}
