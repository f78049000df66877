import type { Var } from '../program/program.ts';
import type { Expression } from './expression.ts';
import type { Stage } from './schedule.ts';

/** The expressions that a stage evaluates. */
export function valuesOf(stage: Stage): readonly Expression[] {
  switch (stage.kind) {
    case 'loops':
      return stage.stores.map((store) => store.value);
    case 'reduce':
      return [stage.value];
    case 'update':
      return [stage.value, ...stage.terms.map((term) => term.index)];
    default:
      return [];
  }
}

/** The variables that a stage writes. */
export const madeBy = (stage: Stage): Var[] =>
  stage.kind === 'loops' ? stage.stores.map((store) => store.variable) : [stage.variable];
