import { lax } from '../primitives/lax.ts';
import { runTraced } from '../trace/bind.ts';
import { unflatten } from '../tree/tree.ts';
import { flattenArguments } from './function.ts';

/** The same values (any tree), through which no derivative flows: a constant to every transform. */
export function stopGradient<T>(tree: T): T {
  const { values, structure } = flattenArguments([tree], 'stopGradient');
  const { outputs } = runTraced(values, 'stopGradient', (...all) => ({
    outputs: all.map((value) => (value.state.kind === 'literal' ? value : lax.stopGradient(value))),
    extra: undefined,
  }));
  return (unflatten(structure, outputs) as [T])[0];
}
