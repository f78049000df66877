import { CsvError, DataArgumentError, EarthDataError } from '@flowfield/datasets';
import { RecipeError } from '@flowfield/recipes';
import { FlowfieldError, SafetensorsError } from '@flowfield/tensor-webgpu';
import { CheckpointError, MetricsLogError, StorageError } from '@flowfield/train';
import { Diverged, GateMissed, Interrupted, UsageError } from './failures.ts';
import { isSystemError, systemErrorLine } from './systemError.ts';

/** Exit codes of the command. */
export const exitCodes = { done: 0, failed: 1, usage: 2, diverged: 3, interrupted: 130 } as const;

/** Faults that the caller can mend: in the call, or in a file that it names. */
const usageErrors = [
  UsageError,
  RecipeError,
  CsvError,
  EarthDataError,
  DataArgumentError,
  CheckpointError,
  MetricsLogError,
  SafetensorsError,
];

/** The longest message, whatever data it quotes. */
const LONGEST = 400;

/** What ends on standard error for `error`, and the exit code. Only faults of the program itself show their stack. */
export function reportFailure(error: unknown): { message: string; code: number } {
  if (error instanceof Interrupted) return { message: error.message, code: exitCodes.interrupted };
  if (error instanceof GateMissed) return { message: `flowfield: ${error.message}`, code: exitCodes.failed };
  if (error instanceof Diverged) return { message: `flowfield: ${error.message}`, code: exitCodes.diverged };
  if (usageErrors.some((kind) => error instanceof kind)) {
    return { message: short(`flowfield: ${(error as Error).message}`), code: exitCodes.usage };
  }
  const system = systemErrorOf(error);
  if (system !== null) return { message: short(`flowfield: ${systemErrorLine(system)}`), code: exitCodes.failed };
  if (error instanceof FlowfieldError) {
    return { message: short(`flowfield: ${error.name}: ${error.message}`), code: exitCodes.failed };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    message: `flowfield: a fault of the program itself. Please report it with these lines.\n${stack}`,
    code: exitCodes.failed,
  };
}

/** The system's refusal behind an error; that of a run's storage names the file itself. */
function systemErrorOf(error: unknown): NodeJS.ErrnoException | null {
  if (isSystemError(error)) return error;
  if (!(error instanceof StorageError && isSystemError(error.cause))) return null;
  const { code, syscall, message } = error.cause;
  return {
    ...{ name: error.name, message, code, path: error.file },
    // Opening a file is how a write begins, too.
    syscall: error.message.includes('cannot be written') ? 'write' : syscall,
  };
}

/** One line of bearable length: what is left out is its middle, since the remedy stands at the end. */
function short(message: string): string {
  const line = message.replaceAll(/\s*\n\s*/g, ' ');
  if (line.length <= LONGEST) return line;
  const half = (LONGEST - 5) / 2;
  return `${line.slice(0, Math.ceil(half))} ... ${line.slice(-Math.floor(half))}`;
}
