import { CsvError, EarthDataError, SphericalCoordinateError, SplitError } from '@flowfield/datasets';
import { RecipeError } from '@flowfield/recipes';
import { FlowfieldError, SafetensorsError } from '@flowfield/tensor-webgpu';
import { CheckpointError, MetricsLogError } from '@flowfield/train';
import { GateMissed, Interrupted, UsageError } from './failures.ts';

/** Exit codes of the command. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Faults that the caller can mend: in the call, or in a file that it names. */
const usageErrors = [
  UsageError,
  RecipeError,
  CsvError,
  EarthDataError,
  SplitError,
  SphericalCoordinateError,
  CheckpointError,
  MetricsLogError,
  SafetensorsError,
];

/** What ends on standard error for `error`, and the exit code. Only faults of the program itself show their stack. */
export function reportFailure(error: unknown): { message: string; code: number } {
  if (error instanceof Interrupted) return { message: error.message, code: exitCodes.interrupted };
  if (error instanceof GateMissed) return { message: `flowfield: ${error.message}`, code: exitCodes.failed };
  if (usageErrors.some((kind) => error instanceof kind)) {
    return { message: `flowfield: ${oneLine(error as Error)}`, code: exitCodes.usage };
  }
  if (error instanceof FlowfieldError || isSystemError(error)) {
    return { message: `flowfield: ${error.name}: ${oneLine(error)}`, code: exitCodes.failed };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    message: `flowfield: a fault of the program itself. Please report it with these lines.\n${stack}`,
    code: exitCodes.failed,
  };
}

const oneLine = (error: Error): string => error.message.replaceAll(/\s*\n\s*/g, ' ');

/** A full disk, a folder that may not be written to. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
