import { ProgramError } from '../../../errors/errors.ts';

/** What a trap of compiled code is for the caller, whichever thread met it. */
export const trapped = (said: string, cause?: unknown): ProgramError =>
  new ProgramError(
    `A compiled program stopped (${said}). This is a fault of the library, or of a primitive of your own: ` +
      'report it with what explain(f)(...args) prints. What the program was to overwrite (donated arguments) is lost.',
    { cause },
  );

/** A thread that ended in the middle of a program, with work that nobody can do again. */
export const lost = (): ProgramError =>
  new ProgramError(
    'A thread of the CPU device ended in the middle of a program: it was terminated, or its memory ran out. The results are lost, and ' +
      'what the program was to overwrite (donated arguments). Run it again from what you hold: new threads start by themselves, ' +
      'or set FLOWFIELD_THREADS=1 to go without.',
  );
