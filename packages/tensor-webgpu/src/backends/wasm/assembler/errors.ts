/** The WebAssembly assembler was asked for something that cannot be encoded. */
export class AssemblerError extends Error {
  override readonly name = 'AssemblerError';
}
