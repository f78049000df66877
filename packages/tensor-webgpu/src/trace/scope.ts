import { checkFunctions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { leaves } from '../tree/tree.ts';
import { currentBuilder } from './builder.ts';
import { gatherMade, tellMade } from './made.ts';
import { BaseTensor } from './value.ts';

interface Disposable {
  dispose(): void;
}

/**
 * Runs `fn` and frees every tensor made inside that it does not return (in any tree of arrays and objects).
 * Nested scopes hand what they return to the scope outside. Inside a function being traced there is nothing to free.
 * @throws ArgumentError for an async function: other code may run between its steps.
 */
export function scope<T>(fn: () => T): T {
  checkFunctions('scope', fn);
  // Constants made while tracing are needed when the program runs, after this scope has ended.
  if (currentBuilder()) return synchronous(fn());
  const made = new Set<object>();
  try {
    const result = gatherMade(made, () => synchronous(fn()));
    for (const leaf of leaves(result)) if (leaf instanceof BaseTensor && made.delete(leaf)) tellMade(leaf);
    return result;
  } finally {
    for (const tensor of made) (tensor as Disposable).dispose();
  }
}

function synchronous<T>(result: T): T {
  if (result instanceof Promise) {
    throw new ArgumentError(
      'scope: expected a synchronous function, got one that returns a promise. Free its tensors with `using` or dispose().',
    );
  }
  return result;
}
