import { DeviceError } from '../errors/errors.ts';
import type { Params } from '../program/aval.ts';
import type { Primitive, Program } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import type { Device } from '../runtime/device.ts';
import { compiled, run } from '../runtime/execute.ts';
import { defaultDevice } from '../runtime/registry.ts';
import { currentBuilder, trace, traceProgram } from './builder.ts';
import { storageOf, storedValues } from './value.ts';

/** Applies a primitive: recorded when a trace is in progress, run at once otherwise. */
export function bind(primitive: Primitive, inputs: readonly Value[], params: Params): Value[] {
  const builder = currentBuilder();
  if (builder) return builder.bind(primitive, inputs, params);
  const live = inputs.filter((value) => value.state.kind !== 'literal');
  const { program, captured } = traceProgram(live, (...values) => {
    let next = 0;
    return bind(
      primitive,
      inputs.map((value) => (value.state.kind === 'literal' ? value : values[next++])),
      params,
    );
  });
  return runProgram(program, [...live, ...captured], primitive.name);
}

/** The one device that all values live on; the default device when there are none. */
export function deviceOf(values: readonly Value[], use: string): Device {
  let device: Device | undefined;
  for (const value of values) {
    const its = storageOf(value, use).device;
    if (device && its !== device) {
      throw new DeviceError(
        `${use}: tensors live on different devices, ${device.name} and ${its.name}. Move one with .to('${device.name}').`,
      );
    }
    device = its;
  }
  return device ?? defaultDevice();
}

/** Runs a program on tensors in memory, compiling it on first sight. */
export function runProgram(program: Program, inputs: readonly Value[], use: string): Value[] {
  const device = deviceOf(inputs, use);
  const made = compiled(program, device);
  const storages = run(
    made,
    inputs.map((value) => storageOf(value, use)),
  );
  return storedValues(made.results, storages).slice();
}

/**
 * Runs `build` on `values`: inside a trace its operations are recorded there; otherwise they are traced into
 * one program, which is compiled (or found in the cache) and run.
 */
export function runTraced<Extra>(
  values: readonly Value[],
  use: string,
  build: (...values: Value[]) => { outputs: readonly Value[]; extra: Extra },
): { outputs: readonly Value[]; extra: Extra } {
  if (currentBuilder()) return build(...values);
  const { program, captured, extra } = trace(values, build);
  return { outputs: runProgram(program, [...values, ...captured], use), extra };
}
