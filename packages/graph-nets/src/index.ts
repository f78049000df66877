export { GraphError } from './errors.ts';
