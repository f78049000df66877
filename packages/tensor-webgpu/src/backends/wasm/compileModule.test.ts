import { createContext, runInContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { DeviceError, tensor } from '../../index.ts';

afterEach(() => vi.unstubAllGlobals());

/** WebAssembly as a page has it whose policy forbids to compile. */
function forbidden(): typeof WebAssembly {
  const page = createContext({}, { codeGeneration: { strings: false, wasm: false } });
  const Module = runInContext('WebAssembly.Module', page);
  return { ...namesOf(WebAssembly), Module } as typeof WebAssembly;
}

const namesOf = (object: object): object =>
  Object.fromEntries(Object.getOwnPropertyNames(object).map((name) => [name, Reflect.get(object, name)]));

test('where WebAssembly is forbidden the error names the directive to add', () => {
  const x = tensor([1, 2, 3]);
  vi.stubGlobal('WebAssembly', forbidden());
  const use = () => x.mul(3.25).sin().toArray();
  expect(use).toThrow(DeviceError);
  expect(use).toThrow(/script-src 'self' 'wasm-unsafe-eval'/);
  vi.unstubAllGlobals();
  expect(tensor([2]).mul(3.25).toArray()).toEqual([6.5]);
});

test.each([
  "WebAssembly.Module(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive",
  'call to WebAssembly.Module() blocked by CSP',
  "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script",
])('what a browser says is understood: %s', (message) => {
  const x = tensor([1, 2, 3, 4]);
  class Module {
    constructor() {
      throw new WebAssembly.CompileError(message);
    }
  }
  vi.stubGlobal('WebAssembly', { ...namesOf(WebAssembly), Module });
  expect(() => x.mul(4.75).cos()).toThrow(DeviceError);
});
