/**
 * Multiplications and additions of all products in the text of a program: two for each entry of a result and each term of its sum.
 */
export function productWork(program: string): number {
  const shapes = new Map<string, number[]>();
  for (const [, name, extents] of program.matchAll(/(\w+):\w+\[([\d,]*)\]/g)) {
    shapes.set(name, extents === '' ? [] : extents.split(',').map(Number));
  }
  let total = 0;
  for (const [, name, axes, left] of program.matchAll(
    /(\w+):\S+ = dotGeneral\[contract=\(\(([\d,]*)\).*\] (\w+) \w+/g,
  )) {
    const size = (extents: readonly number[]): number => extents.reduce((product, extent) => product * extent, 1);
    const terms = axes
      .split(',')
      .filter((axis) => axis !== '')
      .map((axis) => (shapes.get(left) as number[])[Number(axis)]);
    total += 2 * size(shapes.get(name) as number[]) * size(terms);
  }
  return total;
}
