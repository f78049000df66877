let open: Set<object> | null = null;

/** Tells of a tensor made in memory. */
export function tellMade(made: object): void {
  open?.add(made);
}

/** Runs `build`; the tensors that it makes in memory go into `made`, and into no set around it. */
export function gatherMade<T>(made: Set<object>, build: () => T): T {
  const outer = open;
  open = made;
  try {
    return build();
  } finally {
    open = outer;
  }
}
