import { isFloat } from '../dtype/dtype.ts';
import { type Atom, Literal, type Params, Var } from '../program/aval.ts';
import { type Eqn, isProgram, type Primitive, type Program } from '../program/program.ts';
import { refArray } from '../program/refArray.ts';
import { generator } from './picks.ts';

/** Results that are copies or exact choices of their operands carry no rounding. */
const EXACT = new Set([
  'neg',
  'abs',
  'sign',
  'max',
  'min',
  'select',
  'floor',
  'ceil',
  'round',
  'trunc',
  'barrier',
  'stopGradient',
  'iota',
  'sort',
  'gather',
  'concat',
  'pad',
  'dynamicSlice',
  'dynamicUpdateSlice',
  'reduceMax',
  'reduceMin',
  'cumMax',
  'cumMin',
]);
/** Results that add up many terms round relative to the terms, not to the sum. */
const SUMS = new Set([
  'reduceSum',
  'reduceProd',
  'dotGeneral',
  'cumSum',
  'cumProd',
  'cumLogSumExp',
  'scatter',
  'cholesky',
  'lu',
  'qr',
  'eigh',
  'svd',
  'triangularSolve',
]);

/**
 * The program with rounding errors made visible: each float is multiplied by 1 ± one unit in the last place of
 * its dtype, at random, where a device would round. How far results move tells how well they are determined.
 */
export function withNoise(program: Program, seed: number): Program {
  const draw = generator(seed);
  const noise: Primitive = {
    name: 'noise',
    kind: 'elementwise',
    mergeable: false,
    shape: (inputs) => [inputs[0]],
    evaluate([x]) {
      const [unit, least] = x.dtype === 'f32' ? [2 ** -23, 2 ** -120] : [2 ** -52, 2 ** -1000];
      const disturbed = (value: number): number => {
        const at = draw() / 2 ** 32;
        // Near the smallest numbers of the dtype a device may be left with nothing.
        if (Math.abs(value) < least) return at < 0.5 ? 0 : value;
        return value * (1 + unit * (2 * at - 1));
      };
      return [refArray(x.shape, x.dtype, Float64Array.from(x.data, disturbed))];
    },
  };

  const noisyParams = (value: Params): Params => {
    if (isProgram(value)) return noisy(value);
    if (Array.isArray(value)) return value.map(noisyParams);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, noisyParams(child)]));
  };

  const noisy = (inner: Program): Program => {
    const eqns: Eqn[] = [];
    const disturb = (atom: Atom): Atom => {
      if (atom instanceof Literal || !isFloat(atom.dtype)) return atom;
      const moved = new Var(atom);
      eqns.push({ primitive: noise, inputs: [atom], params: {}, outputs: [moved] });
      return moved;
    };
    for (const eqn of inner.eqns) {
      const { primitive } = eqn;
      const inputs = SUMS.has(primitive.name) ? eqn.inputs.map(disturb) : eqn.inputs;
      const rounds =
        primitive.kind !== 'view' &&
        primitive.kind !== 'control' &&
        primitive.kind !== 'inline' &&
        !EXACT.has(primitive.name);
      const computed = eqn.outputs.map((variable) =>
        rounds && isFloat(variable.dtype) ? new Var(variable) : variable,
      );
      eqns.push({ primitive, inputs, params: noisyParams(eqn.params), outputs: computed });
      computed.forEach((variable, i) => {
        if (variable !== eqn.outputs[i])
          eqns.push({ primitive: noise, inputs: [variable], params: {}, outputs: [eqn.outputs[i]] });
      });
    }
    return { ...inner, eqns };
  };
  return noisy(program);
}
