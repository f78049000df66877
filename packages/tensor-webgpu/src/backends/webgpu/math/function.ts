/** A function of a WGSL module, and those that its source calls. */
export interface WgslFunction {
  readonly name: string;
  readonly source: string;
  readonly needs: readonly WgslFunction[];
}

/** The function whose name stands after the last `fn` of its source. */
export function wgsl(source: string, needs: readonly WgslFunction[] = []): WgslFunction {
  const name = [...source.matchAll(/\bfn (\w+)/g)].at(-1)?.[1] as string;
  return { name, source: source.trim(), needs };
}

/** The text of these functions and of all that they need, each once, before its callers. */
export function wgslModule(functions: Iterable<WgslFunction>): string {
  const written = new Map<string, string>();
  const write = (each: WgslFunction): void => {
    if (written.has(each.name)) return;
    each.needs.forEach(write);
    written.set(each.name, each.source);
  };
  for (const each of functions) write(each);
  return [...written.values()].join('\n');
}
