import { DTYPES, isFloat } from '../../dtype/dtype.ts';
import { type Named, type Operation, on, type Scope } from '../scope.ts';

const float = (scope: Scope): Named | null => scope.float();
const VALUES = [0, 1, 1.5, 0.1, 2.9, -0, 100];

/** `shape` as text, with extents that broadcast with those of other values. */
const shape = (scope: Scope): string => `[${[3, 1, 2].slice(0, scope.below(4)).join(', ')}]`;

/** A tensor out of nothing, of any dtype, from numbers that the dtype may have to round. */
const created: Operation = (scope) => {
  const dtype = scope.of(DTYPES);
  const options = `{ dtype: '${dtype}' }`;
  const value = scope.of([
    ...VALUES,
    ...(dtype === 'bool' ? [] : [-1]),
    ...(dtype === 'u32' || dtype === 'bool' ? [] : [-1.5]),
  ]);
  const written = Object.is(value, -0) ? '-0' : String(value);
  return {
    text: scope.of([
      `full(${shape(scope)}, ${written}, ${options})`,
      `arange(${1 + scope.below(5)}, ${options})`,
      `arange(0.3, ${1 + scope.below(3)}, 0.4, ${options})`,
      `linspace(0, ${scope.of([1, 2, 0.7])}, ${1 + scope.below(5)}, ${options})`,
      `eye(${1 + scope.below(3)}, ${1 + scope.below(3)}, { dtype: '${dtype}', offset: ${scope.below(3) - 1} })`,
      `tensor([0.1, 1.5, ${isFloat(dtype) ? -7.3 : 7}], ${options})`,
      `tensor([true, false, true]).astype('${dtype}')`,
    ]),
    bound: dtype === 'u32' && value < 0 ? 2 ** 32 : 101,
  };
};

export const creationOperations: Readonly<Record<string, Operation>> = {
  created,
  createdAgain: created,
  /** Plain numbers where tensors may stand: beside them, as arguments of transformed functions, as carries. */
  numbers: on(float, (x, scope) => {
    const number = scope.of([0, 1, 0.1, -2, 0.7]);
    const same = `.astype('${x.dtype}')`;
    return {
      text: scope.of([
        `where(greater(${x.name}, ${number}), ${x.name}, ${number})`,
        `stack([${x.name}.sum(), ${number}])`,
        `jit((a, n) => a.mul(n))(${x.name}, ${number})`,
        `jit((n, a) => add(n, a))(${number}, ${x.name})`,
        `grad((n, a) => sin(a.mul(n)).sum())(${number}, ${x.name})`,
        `jvp((a, n) => a.mul(n), [${x.name}, ${number}], [cos(${x.name}), 1])[1]`,
        `checkpoint((a, n) => sin(a.mul(n)))(${x.name}, ${number})`,
        `foriLoop(0, 3, (i, c) => tanh(c${same}.add(${x.name}.sum())), ${x.name}.sum().mul(0))`,
        `cond(${number > 0}, (a) => a.mul(${number}), (a) => sin(a), ${x.name})`,
        `atan2(${x.name}, ${number === 0 ? -1 : number})`,
      ]),
      bound: 2 * x.bound + 3,
    };
  }),
};
