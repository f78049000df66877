import { distance } from 'fastest-levenshtein';

/** The share of a word that may be misspelt for another still to be what was meant. */
const MISSPELT = 0.4;

/** Whether the letters of `short` occur in `long` in this order, the first letters being equal: `lr` in `learningRate`. */
function abbreviates(short: string, long: string): boolean {
  if (short.length < 2 || short[0] !== long[0]) return false;
  let next = 0;
  for (const letter of long) if (letter === short[next]) next++;
  return next === short.length;
}

/**
 * The name that `given` is likely to stand for, whatever the case: the one of least edit distance where that is at most
 * 40 % of the letters of `given`, else one that it abbreviates, else `null`.
 */
export function nearestName(given: string, names: readonly string[]): string | null {
  const word = given.toLowerCase();
  let nearest: string | null = null;
  let least = word.length * MISSPELT;
  for (const name of names) {
    const edits = distance(word, name.toLowerCase());
    if (edits > least || (edits === least && nearest !== null)) continue;
    nearest = name;
    least = edits;
  }
  return nearest ?? names.find((name) => abbreviates(word, name.toLowerCase())) ?? null;
}
