export type { Routine } from './routine.ts';
export { routineFor } from './routines.ts';
