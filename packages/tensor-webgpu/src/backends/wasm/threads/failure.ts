import { ProgramError } from '../../../errors/errors.ts';

/** What a trap of compiled code is for the caller, whichever thread met it. */
export const trapped = (said: string, cause?: unknown): ProgramError =>
  new ProgramError(
    `A compiled program stopped (${said}). This is a fault of the library, or of a primitive of your own: ` +
      'report it with what explain(f)(...args) prints. What the program was to overwrite (donated arguments) is lost.',
    { cause },
  );
