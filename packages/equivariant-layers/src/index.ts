export { LayerShapeError } from './errors.ts';
