export { planProduct } from './plan.ts';
export type { ProductOperand, ProductPlan, ProductRequest, ProductStep, Tile } from './request.ts';
export { productSource } from './source.ts';
