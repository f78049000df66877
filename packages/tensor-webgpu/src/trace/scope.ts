import { checkFunctions } from '../errors/checks.ts';
import { ArgumentError } from '../errors/errors.ts';
import { leaves } from '../tree/tree.ts';
import { currentBuilder } from './builder.ts';
import { BaseTensor } from './value.ts';

interface Disposable {
  dispose(): void;
}

let open: Set<Disposable> | null = null;

/** Called for every tensor made in memory. */
export function enterScope(made: Disposable): void {
  open?.add(made);
}

/** Runs `build` with a set of its own for the tensors it makes in memory, and returns them: no open scope frees them. */
export function collectMade<T>(build: () => T): { result: T; made: ReadonlySet<Disposable> } {
  const outer = open;
  const made = new Set<Disposable>();
  open = made;
  try {
    return { result: build(), made };
  } finally {
    open = outer;
  }
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
  const outer = open;
  const made = new Set<Disposable>();
  open = made;
  try {
    const result = synchronous(fn());
    for (const leaf of leaves(result)) {
      if (leaf instanceof BaseTensor && made.delete(leaf as unknown as Disposable))
        outer?.add(leaf as unknown as Disposable);
    }
    return result;
  } finally {
    open = outer;
    for (const tensor of made) tensor.dispose();
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
