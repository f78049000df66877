import type { Params } from '../../../../program/aval.ts';
import { ModuleBuilder } from '../../assembler/index.ts';
import { type DoubleName, doubleFunction } from './functions.ts';

interface DoubleLoop {
  readonly inputs: readonly Float64Array[];
  readonly output: Float64Array;
  run(): void;
}

/** A module that applies one function to arrays of doubles, for tests and measurements. */
export function doubleLoop(name: DoubleName, length: number, relaxed: boolean, params: Params = {}): DoubleLoop {
  const bytes = 8 * (length + (length % 2));
  const module = new ModuleBuilder({ relaxed });
  const callee = doubleFunction(module, name, params);
  const operands = callee.signature.params.length;
  const pages = Math.ceil(((operands + 1) * bytes) / 65536);
  module.importMemory({ initial: pages, maximum: pages });
  const f = module.func('run');
  f.loop(
    bytes,
    (at) => {
      f.localGet(at);
      for (let i = 0; i < operands; i++) {
        f.localGet(at);
        f.v128Load(i * bytes);
      }
      f.call(callee);
      f.v128Store(operands * bytes);
    },
    { step: 16 },
  );
  module.export(f);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const array = (i: number): Float64Array => new Float64Array(memory.buffer, i * bytes, length);
  return {
    inputs: Array.from({ length: operands }, (_, i) => array(i)),
    output: array(operands),
    run: instance.exports['run'] as () => void,
  };
}
