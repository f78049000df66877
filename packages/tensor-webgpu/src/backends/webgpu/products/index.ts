export { planProduct } from './plan.ts';
export type { ProductCode, ProductOperand, ProductPlan, ProductRequest, ProductStep, Tile } from './request.ts';
export { productSource } from './source.ts';
