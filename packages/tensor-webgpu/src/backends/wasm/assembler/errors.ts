import { ProgramError } from '../../../errors/errors.ts';

/** The WebAssembly assembler was asked for something that cannot be encoded. */
export class AssemblerError extends ProgramError {}
