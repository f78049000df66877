/**
 * Which parts of a loop's carry have a property (a tangent, a batch axis, being unknown) that spreads from the
 * inputs and from one round to the next: grows `start` by `round` until nothing changes.
 */
export function fixpoint(
  start: readonly boolean[],
  round: (carry: readonly boolean[]) => readonly boolean[],
): boolean[] {
  let carry = [...start];
  for (;;) {
    const next = round(carry).map((flag, i) => flag || carry[i]);
    if (next.every((flag, i) => flag === carry[i])) return carry;
    carry = next;
  }
}
