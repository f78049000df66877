import { closest } from 'fastest-levenshtein';

/** `; did you mean 'x'?` with the name of smallest edit distance, or nothing when there are no names. */
export function didYouMean(given: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `; did you mean '${closest(given, names)}'?`;
}
