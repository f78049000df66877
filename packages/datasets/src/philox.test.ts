import { expect, it } from 'vitest';
import { philox2x32 } from './philox.ts';

// Known answers of the Random123 distribution, file kat_vectors.
it.each<[[number, number], number, [number, number]]>([
  [[0, 0], 0, [0xff1dae59, 0x6cd10df2]],
  [[0xffffffff, 0xffffffff], 0xffffffff, [0x2c3f628b, 0xab4fd7ad]],
  [[0x243f6a88, 0x85a308d3], 0x13198a2e, [0xdd7ce038, 0xf62a4c12]],
])('matches the published answer for counter %s', (counter, key, answer) => {
  expect(philox2x32(counter, key)).toEqual(answer);
});
