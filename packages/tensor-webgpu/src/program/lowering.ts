import type { Lowering, Primitive } from './program.ts';

const CALL: Lowering = { as: 'call' };
const MAP: Lowering = { as: 'map' };

/** How a primitive is lowered. */
export function loweringOf({ lowering, kind }: Primitive): Lowering {
  return lowering ?? (kind === 'elementwise' ? MAP : CALL);
}

/** The lowering of a primitive, if it is of this form. */
export function loweringAs<K extends Lowering['as']>(
  primitive: Primitive,
  form: K,
): Extract<Lowering, { as: K }> | null {
  const lowering = loweringOf(primitive);
  return lowering.as === form ? (lowering as Extract<Lowering, { as: K }>) : null;
}
