import { countOrbits, groupNamed, orbitTable, permutationGroup, symmetricGroup } from '@flowfield/equivariant-layers';
import { random } from '@flowfield/tensor-webgpu';

/** Orbits on tuples of 1, 2, 3, … points. */
const ORBITS: Readonly<Record<string, readonly number[]>> = {
  C5: [1, 5, 25, 125],
  D5: [1, 3, 13, 63],
  D4: [1, 3, 10, 36, 136],
  D6: [1, 4, 20, 112],
  V4: [1, 4, 16, 64],
  'AGL(1,5)': [1, 2, 7, 32, 157],
  S6: [1, 2, 5, 15, 52, 203],
  A6: [1, 2, 5, 15, 53, 219],
  S4: [1, 2, 5],
  A4: [1, 2, 6],
  'S2 x S3': [2, 6, 21, 82],
};
/** Both counts of every entry: by union-find over tuples and by Burnside's lemma. */
export function wrongCounts(): number {
  return Object.entries(ORBITS)
    .flatMap(([name, counts]) => {
      const group = groupNamed(name);
      return counts.flatMap((count, i) => [
        orbitTable(group, i + 1).count === count,
        countOrbits(group, i + 1) === count,
      ]);
    })
    .filter((right) => !right).length;
}

/** Generators drawn at random: the orbit of a tuple is that of its image. */
export function movedTuples(key: random.Key): number {
  const degree = 5;
  let moved = 0;
  for (let i = 0; i < 20; i++) {
    const generators = [0, 1].map((j) => symmetricGroup(degree).random(random.foldIn(key, 2 * i + j)));
    const { orbitOf, order } = orbitTable(permutationGroup({ generators }), 3);
    for (const g of generators) {
      for (let tuple = 0; tuple < orbitOf.length; tuple++) {
        const entries = Array.from(
          { length: order },
          (_, at) => Math.floor(tuple / degree ** (order - 1 - at)) % degree,
        );
        const image = entries.reduce((index, entry) => index * degree + g[entry], 0);
        if (orbitOf[image] !== orbitOf[tuple]) moved++;
      }
    }
  }
  return moved;
}
