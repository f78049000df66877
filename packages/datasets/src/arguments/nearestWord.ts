/** The least number of letters to insert, drop or exchange that makes one word of the other (Wagner and Fischer 1974). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j + 1] + 1, next[j] + 1, row[j] + (from[i] === to[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length];
}

/** Whether the letters of `short` occur in `long` in this order, the first letters being equal: `cols` in `columns`. */
function abbreviates(short: string, long: string): boolean {
  let next = 0;
  for (const letter of long) if (letter === short[next]) next++;
  return short.length > 1 && short[0] === long[0] && next === short.length;
}

/**
 * The first of the words of least edit distance to `given`, whatever the case. Where that is more than `share` of the letters of `given`,
 * the first one that it abbreviates, else `undefined`.
 */
export function nearestWord(given: string, words: readonly string[], share = Infinity): string | undefined {
  const edits = words.map((word) => distance(given.toLowerCase(), word.toLowerCase()));
  const least = Math.min(...edits);
  if (least <= share * given.length) return words[edits.indexOf(least)];
  return words.find((word) => abbreviates(given.toLowerCase(), word.toLowerCase()));
}
