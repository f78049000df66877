import { wgsl } from './function.ts';

/** Rotation distances of the eight rounds that repeat (Salmon et al. 2011, table 2). */
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];
const GROUPS = 5;

const rounds = Array.from({ length: GROUPS }, (_, i) => {
  const turns = ROTATIONS[i % 2].map(
    (distance) => `  x.x += x.y; x.y = ((x.y << ${distance}u) | (x.y >> ${32 - distance}u)) ^ x.x;`,
  );
  const keys = ['key0', 'key1', 'key2'];
  return [...turns, `  x += vec2u(${keys[(i + 1) % 3]}, ${keys[(i + 2) % 3]} + ${i + 1}u);`].join('\n');
}).join('\n');

/**
 * Threefry-2x32 with 20 rounds: two key words and two counter words give two random words. Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", 2011.
 */
export const threefry = wgsl(`
fn math_threefry(key0: u32, key1: u32, counter0: u32, counter1: u32) -> vec2u {
  let key2 = key0 ^ key1 ^ 0x1bd11bdau;
  var x = vec2u(counter0 + key0, counter1 + key1);
${rounds}
  return x;
}`);
