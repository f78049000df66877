import type { Primitive } from '../program/program.ts';
import type { Value } from '../program/value.ts';
import { bind } from '../trace/bind.ts';

/** The identity, as a wall: what is computed from its output is never merged with what is computed from its input. */
export const barrierPrimitive: Primitive = {
  name: 'barrier',
  kind: 'view',
  lowering: { as: 'view', through: (coordinates) => coordinates, sameOrder: true, fence: true },
  mergeable: false,
  shape: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  jvp: (_lax, inputs, [dx], params) => ({ outputs: bind(barrierPrimitive, inputs, params), tangents: [dx] }),
  transpose: (_lax, [ct]) => [ct],
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(barrierPrimitive, inputs, params),
    batched: [true],
  }),
  evaluate: ([x]) => [x],
};

/** The identity with derivative zero: its output counts as a constant. */
export const stopGradientPrimitive: Primitive = {
  name: 'stopGradient',
  laws: ['identity'],
  kind: 'view',
  lowering: { as: 'view', through: (coordinates) => coordinates, sameOrder: true },
  shape: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  jvp: (_lax, inputs, _tangents, params) => ({
    outputs: bind(stopGradientPrimitive, inputs, params),
    tangents: [null],
  }),
  batch: (_lax, _size, inputs, _batched, params) => ({
    outputs: bind(stopGradientPrimitive, inputs, params),
    batched: [true],
  }),
  evaluate: ([x]) => [x],
};

export const barrier = (x: Value): Value => bind(barrierPrimitive, [x], {})[0];
/** A number of the program is constant as it is, and stays one that fits beside any shape. */
export const stopGradient = (x: Value): Value =>
  x.state.kind === 'literal' ? x : bind(stopGradientPrimitive, [x], {})[0];
