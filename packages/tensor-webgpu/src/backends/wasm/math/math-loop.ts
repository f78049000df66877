import type { Params } from '../../../program/aval.ts';
import { ModuleBuilder } from '../assembler/index.ts';
import { type MathDefinition, type MathName, mathFunctions } from './functions.ts';
import { MathEmitter } from './math-emitter.ts';

/** A function of whole arrays, for measurements of accuracy and speed. */
export interface MathLoop {
  readonly inputs: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
  run(): void;
}

/**
 * Compiles a loop over `length` floats, a multiple of four, that reads and writes arrays of its own memory; `joined` as the
 * function is written where the engine makes one vector of two.
 */
export function mathLoop(
  name: MathName,
  length: number,
  relaxed: boolean,
  params: Params = {},
  joined = false,
): MathLoop {
  const { operands, results }: MathDefinition = mathFunctions[name];
  const bytes = 4 * length;
  const initial = Math.ceil(((operands + results) * bytes) / 65536);
  const memory = new WebAssembly.Memory({ initial });
  const module = new ModuleBuilder({ relaxed });
  module.importMemory({ initial });
  const f = module.func('run');
  const math = new MathEmitter(module, f, joined);
  math.preload([name]);
  f.loop(
    bytes,
    (at) => {
      const x = f.locals('v128', operands);
      x.forEach((local, i) => {
        f.localGet(at);
        f.v128Load(i * bytes);
        f.localSet(local);
      });
      math.emit(name, x, params);
      const y = f.locals('v128', results);
      for (const local of y.toReversed()) f.localSet(local);
      y.forEach((local, i) => {
        f.localGet(at);
        f.localGet(local);
        f.v128Store((operands + i) * bytes);
      });
      f.release(...x, ...y);
    },
    { step: 16 },
  );
  module.export(f);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const arrays = Array.from(
    { length: operands + results },
    (_, i) => new Float32Array(memory.buffer, i * bytes, length),
  );
  return {
    inputs: arrays.slice(0, operands),
    outputs: arrays.slice(operands),
    run: instance.exports['run'] as () => void,
  };
}
