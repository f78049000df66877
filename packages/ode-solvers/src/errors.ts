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
  {
    name: 'notSolved',
    message:
      'The equations of an implicit step were not solved by Newton iterations. Take smaller steps, let the solver choose them ' +
      '(rtol and atol), keep the state in f64, or check that the right-hand side is smooth here.',
  },
  {
    name: 'badTimes',
    message:
      'Times must be finite, and saved times must lie between t0 and t1 and run in the direction of the solve. Sort them, or widen the interval.',
  },
  {
    name: 'maxEvents',
    message: 'More events happened than there is room for. Raise maxEvents, or make the event terminal.',
  },
  { name: 'stopped', message: 'onProgress returned false. The solution is that up to this time.' },
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
  /** What is to be said in place of the outcome's message, where more is known. */
  readonly reason?: string;
}

/** A solve that did not reach its end: why, when, and what to do. */
export class OdeError extends FlowfieldError {
  readonly outcome: OutcomeName;
  readonly code: number;
  readonly time: number;
  readonly step: number;
  readonly row: number | undefined;

  constructor({ code, time, step, row, reason }: OdeFailure, use = 'solveOde') {
    const { name, message } = outcomes[code];
    const where = row === undefined ? '' : `, row ${row}`;
    super(`${use}: ${name} at t = ${time}, step ${step}${where}. ${reason ?? message}`);
    this.outcome = name;
    this.code = code;
    this.time = time;
    this.step = step;
    this.row = row;
  }
}
