/** Work that takes a while: it tells how far it is, and stops when asked to. */
export interface Work {
  readonly signal: AbortSignal;
  /** `done` of `total` rows of the part called `title`. */
  progress(title: string, done: number, total: number): void;
}

/** Work that nobody watches. */
export const quietWork: Work = { signal: new AbortController().signal, progress: () => {} };
