import { checkData, maximum, type Tensor } from '@flowfield/tensor-webgpu';
import { SingularConversionError } from './errors.ts';
import type { Scheduler, SchedulerOutput } from './scheduler.ts';
import { firstFailing } from './times.ts';

/** Coefficients at t, with Δ = α'σ - σ'α. */
export interface Coefficients extends SchedulerOutput {
  /** The speed of the signal-to-noise ratio times σ²; positive but for t = 0 of schedules that start at rest (tⁿ, n > 1). */
  readonly delta: Tensor;
}

export const withDelta = (c: SchedulerOutput): Coefficients => ({
  ...c,
  delta: c.dAlphaT.mul(c.sigmaT).sub(c.dSigmaT.mul(c.alphaT)),
});

/** Denominators below this are taken for 0: thrown on where they are known, kept at this value where they are not. */
const LEAST_DENOMINATOR = 1e-12;

const NAMES: Readonly<Partial<Record<keyof Coefficients, string>>> = { alphaT: 'α', sigmaT: 'σ', delta: "α'σ - σ'α" };

const ZEROS: Readonly<Partial<Record<keyof Coefficients, 'alpha' | 'sigma' | 'delta'>>> = {
  alphaT: 'alpha',
  sigmaT: 'sigma',
};

/**
 * The coefficient `which` as a denominator. Throws `SingularConversionError` where it is known to be 0 in some row; on a device
 * that answers later, the next read does.
 */
export function denominator(
  use: string,
  scheduler: Scheduler,
  which: keyof Coefficients,
  c: Coefficients,
  t: Tensor,
): Tensor {
  const value = c[which];
  const singular = (row: number, given: number, at: number): SingularConversionError =>
    new SingularConversionError(
      `${use}: ${NAMES[which] ?? which} of ${scheduler.name} is ${given} at t = ${at} in row ${row}; expected a positive denominator. ` +
        `Stay at times ${which === 'sigmaT' ? 'below 1' : 'above 0'}, such as 1e-5 away, or use another kind of prediction.`,
    );
  checkData([value, t], (values, times) => {
    const row = values.findIndex((number) => !(number > LEAST_DENOMINATOR));
    if (row >= 0) throw singular(row, values[row], times[row]);
  });
  // In a trace a time may be known whose coefficients are not.
  const zero = scheduler.zeros?.[ZEROS[which] ?? 'delta'];
  const bad = firstFailing(t, (time) => time === zero);
  if (bad !== null) throw singular(bad.row, 0, bad.value);
  return maximum(value, LEAST_DENOMINATOR);
}
