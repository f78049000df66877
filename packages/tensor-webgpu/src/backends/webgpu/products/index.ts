export { planProduct, THRESHOLDS } from './plan.ts';
export type { ProductOperand, ProductPlan, ProductRequest, ProductStep, ProductThresholds, Tile } from './request.ts';
export { productSource } from './source.ts';
