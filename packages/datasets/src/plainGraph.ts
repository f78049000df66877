/** A graph as plain arrays. */
export interface PlainGraph {
  /** How many nodes; they are 0 … nodes - 1. */
  readonly nodes: number;
  /** One end of each edge, or where each arc starts. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  /** Whether arcs are listed one by one (true), so that an undirected edge appears in both directions, or every edge once (false). */
  readonly directed: boolean;
}

export interface GraphTextOptions {
  /** Name of the file in error messages. */
  readonly file?: string;
}
