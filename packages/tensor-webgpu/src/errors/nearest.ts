/** The share of a word that may be misspelt for another still to be what was meant. */
const MISSPELT = 0.4;

/**
 * The least number of letters to insert, drop or exchange that makes one word of the other (Wagner and Fischer 1974). In a few
 * lines, as every bundle has them.
 */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++)
      next.push(Math.min(row[j + 1] + 1, next[j] + 1, row[j] + (from[i] === to[j] ? 0 : 1)));
    row = next;
  }
  return row[to.length];
}

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
