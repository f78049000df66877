import { DeviceError } from '../../errors/errors.ts';

/** How engines say that a page's policy (Chrome, Firefox, Safari) or an embedder (Node) forbids WebAssembly. */
const REFUSED = /content security policy|\bCSP\b|unsafe-eval|disallowed by embedder|code generation/i;

/**
 * The module of these bytes.
 * @throws DeviceError where a page's policy forbids WebAssembly, with the directive that allows it.
 */
export function compileModule(code: BufferSource): WebAssembly.Module {
  try {
    return new WebAssembly.Module(code);
  } catch (error) {
    if (!REFUSED.test(String(error))) throw error;
    throw new DeviceError(
      "Device cpu: this page's Content-Security-Policy forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src directive, " +
        "as in script-src 'self' 'wasm-unsafe-eval', or use the slow device 'reference'.",
      { cause: error },
    );
  }
}
