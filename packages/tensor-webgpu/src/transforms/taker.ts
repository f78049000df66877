/** Hands out a list from the front, `count` items at a time. */
export function taker<T>(list: readonly T[]): (count: number) => T[] {
  let at = 0;
  return (count) => {
    at += count;
    return list.slice(at - count, at);
  };
}
