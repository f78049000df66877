/** Points of any dimension, with a class for each where the file has one. */
export interface PointTable {
  /** Row-major (count, dimension). */
  readonly points: Float64Array;
  readonly count: number;
  readonly dimension: number;
  /** A name for each coordinate: those of the header, or x1, x2, … */
  readonly names: readonly string[];
  /** With `skipBad`: how many rows were left out, and what was wrong with the first of them. */
  readonly skipped?: { readonly count: number; readonly first: readonly Error[] };
  /** For each point the index of its class in `classes`; absent without a label column. */
  readonly labels?: Int32Array;
  /** The distinct labels as the file writes them: numbers ascending, other texts in alphabetical order. */
  readonly classes?: readonly string[];
}

/** Labels as indices into their distinct values. */
export function encodeLabels(texts: readonly string[]): { labels: Int32Array; classes: string[] } {
  const numeric = texts.every((text) => text.trim() !== '' && Number.isFinite(Number(text)));
  const classes = [...new Set(texts)].sort(
    numeric ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  );
  const index = new Map(classes.map((name, i) => [name, i]));
  return { labels: Int32Array.from(texts, (text) => index.get(text)!), classes };
}
