import { FlowfieldError } from '@flowfield/tensor-webgpu';

/** How a solve ended. The text is the remedy. */
export const outcomes = [
  { name: 'success', message: 'The solve reached its end.' },
  {
    name: 'maxSteps',
    message: 'The solver used up its steps. Raise maxSteps, loosen rtol and atol, or shorten the interval.',
  },
  {
    name: 'stepUnderflow',
    message:
      'The step size fell below the smallest step: no step was accurate enough. Loosen rtol and atol, keep the state in f64, ' +
      'lower minStep, or look for a discontinuity or stiffness at this time.',
  },
  {
    name: 'nonFinite',
    message:
      'The right-hand side gave NaN or infinity, and smaller steps did not avoid it. Check the field at this time and state ' +
      '(division by zero, log of a negative number), or end the interval before the singularity.',
  },
] as const;

export type OutcomeName = (typeof outcomes)[number]['name'];

/** The number of an outcome in `Solution.code`. */
export const codeOf = (name: OutcomeName): number => outcomes.findIndex((outcome) => outcome.name === name);

export interface OdeFailure {
  readonly code: number;
  /** Where the solve stopped. */
  readonly time: number;
  /** The size of the next step it would have tried (fixed steps: the step that failed). */
  readonly step: number;
  /** The first row of the batch (axis 0 of the state) that is not finite, if that is the trouble. */
  readonly row?: number;
}

/** A solve that did not reach its end: why, when, and what to do. */
export class OdeError extends FlowfieldError {
  readonly outcome: OutcomeName;
  readonly code: number;
  readonly time: number;
  readonly step: number;
  readonly row: number | undefined;

  constructor({ code, time, step, row }: OdeFailure) {
    const { name, message } = outcomes[code];
    const where = row === undefined ? '' : `, row ${row}`;
    super(`solveOde: ${name} at t = ${time}, step ${step}${where}. ${message}`);
    this.outcome = name;
    this.code = code;
    this.time = time;
    this.step = step;
    this.row = row;
  }
}
