import { ArgumentError } from '../errors/errors.ts';
import { currentBuilder } from '../trace/builder.ts';
import { Value } from '../trace/value.ts';
import { leaves } from '../tree/tree.ts';

interface Disposable {
  dispose(): void;
}

let open: Set<Disposable> | null = null;

/** Called for every tensor made in memory. Constants of a function being traced belong to its program instead. */
export function enterScope(made: Disposable): void {
  if (open && !currentBuilder()) open.add(made);
}

/**
 * Runs `fn` and frees every tensor made inside that it does not return (in any tree of arrays and objects).
 * Nested scopes hand what they return to the scope outside.
 * @throws ArgumentError for an async function: other code may run between its steps.
 */
export function scope<T>(fn: () => T): T {
  const outer = open;
  const made = new Set<Disposable>();
  open = made;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new ArgumentError(
        'scope: expected a synchronous function, got one that returns a promise. Free its tensors with `using` or dispose().',
      );
    }
    for (const leaf of leaves(result)) {
      if (leaf instanceof Value && made.delete(leaf as unknown as Disposable))
        outer?.add(leaf as unknown as Disposable);
    }
    return result;
  } finally {
    open = outer;
    for (const tensor of made) tensor.dispose();
  }
}
