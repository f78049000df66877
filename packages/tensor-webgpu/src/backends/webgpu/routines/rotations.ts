import type { Crew } from './matrices.ts';

/** Sweeps over all pairs that are enough for float32; the last ones change nothing. */
const MAX_SWEEPS = 16;

/**
 * Sweeps over all pairs p < q of n things, in rounds of pairs that have none in common (the schedule of a tournament), until
 * nothing `moved` in one. `measure` sets the sine `s` and `h`, the tangent of half the angle, of a
 * pair, and `moved` where they matter; `turns` apply the rotations of a round one after the other, each over the pairs and
 * `length` steps `i`. Rotations lie in scratch from `rotations` on.
 */
export function sweeps(
  crew: Crew,
  n: number,
  rotations: string,
  measure: string,
  turns: readonly { readonly length: number; readonly body: string }[],
): string {
  const { barrier, each, any } = crew;
  const players = n + (n % 2);
  const pairs = players / 2;
  const pairOf = `
      let x = select((round + pair) % ${players - 1}u, round, pair == 0u);
      let y = select((round + ${players - 1}u - pair) % ${players - 1}u, ${players - 1}u, pair == 0u);
      let p = min(x, y);
      let q = max(x, y);`;
  const applied = turns.map(
    ({ length, body }) => `
    ${each(
      'turn',
      '0u',
      `${pairs * length}u`,
      `let pair = turn / ${length}u;
      let i = turn % ${length}u;
      let s = b3[${rotations} + 2u * pair];
      let h = b3[${rotations} + 2u * pair + 1u];${pairOf}
      if (q < ${n}u && !(s == 0f)) { ${body} }`,
    )}
    ${barrier}`,
  );
  return `
  for (var sweep = 0u; sweep < ${n < 2 ? 0 : MAX_SWEEPS}u; sweep++) {
    var moved = false;
    for (var round = 0u; round < ${players - 1}u; round++) {
    ${each(
      'pair',
      '0u',
      `${pairs}u`,
      `${pairOf}
      var s = 0f;
      var h = 0f;
      if (q < ${n}u) { ${measure} }
      b3[${rotations} + 2u * pair] = s;
      b3[${rotations} + 2u * pair + 1u] = h;`,
    )}
    ${barrier}${applied.join('')}
    }
    ${any('goes_on', 'moved')}
    if (!goes_on) { break; }
  }`;
}

/**
 * The rotation that brings the element beside the diagonal to 0: theta is (A[q, q] − A[p, p])/(2 A[p, q]). By the tangent of
 * half the angle a rotation changes numbers by a part of them that is as small as the angle (Rutishauser 1966).
 */
export const rotationOf = (theta: string): string => `
        let theta = ${theta};
        let tangent = select(-1f, 1f, theta >= 0f) / (abs(theta) + sqrt(1f + theta * theta));
        let root = sqrt(1f + tangent * tangent);
        s = tangent / root;
        h = tangent / (1f + root);`;

/** The two numbers a and b, turned. */
export const turned = { p: 'a - s * (b + h * a)', q: 'b + s * (a - h * b)' };
