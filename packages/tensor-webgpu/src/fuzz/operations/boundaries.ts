import { type Named, type Operation, on, type Scope } from '../scope.ts';

const float = (scope: Scope): Named | null => scope.float();
const integer = (scope: Scope): Named | null => scope.integer();
const ORDERS = ['less', 'lessEqual', 'greater', 'greaterEqual', 'equal', 'notEqual'];

/** Operations whose results change at the ends of a dtype, and at the sign of a zero. */
export const boundaryOperations: Readonly<Record<string, Operation>> = {
  zeroSign: on(float, (x, scope) => {
    const zero = scope.of([
      `mul(${x.name}, 0)`,
      `sub(${x.name}, ${x.name})`,
      `neg(mul(${x.name}, 0))`,
      `trunc(${x.name})`,
      x.name,
    ]);
    const passed = scope
      .of([
        'Z',
        'add(Z, 0)',
        'sub(0, Z)',
        'sub(Z, 0)',
        'neg(Z)',
        'mul(Z, -1)',
        'div(Z, -1)',
        'add(Z, -0)',
        'neg(sub(Z, 1))',
      ])
      .replace('Z', zero);
    return {
      text: scope.of([
        `atan2(${passed}, -1)`,
        `copysign(1, ${passed})`,
        `signbit(${passed}).astype('${x.dtype}')`,
        `sum(${passed}, ${scope.reduction(x)})`,
      ]),
      bound: x.bound + 4,
    };
  }),
  edges: on(integer, (x, scope) => {
    const [least, largest] = x.dtype === 'i32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    const number = scope.of([least, largest, 0, -1, 3e9, 0.5, 1e300, -1e300, 2 ** 31]);
    return {
      text: scope.of([
        `${scope.of(ORDERS)}(${x.name}, ${number})`,
        `${scope.of(ORDERS)}(${number}, ${x.name})`,
        `clip(${x.name}, ${scope.of([least, -1e12, '-Infinity', 1])}, ${scope.of([largest, 1e12, 'Infinity', 5])})`,
        `${scope.of(['add', 'sub', 'mul', 'maximum', 'minimum'])}(${x.name}, ${scope.of([least, largest])})`,
        `${scope.of(['leftShift', 'rightShift'])}(${x.name}, ${scope.of([0, 1, 31, 32, 40])})`,
        `${scope.of(['sum', 'max', 'min', 'prod'])}(${x.name})`,
      ]),
      bound: 2 ** 32,
    };
  }),
  mixedSigns: on(integer, (x, scope) => {
    const other = x.dtype === 'i32' ? 'u32' : 'i32';
    const y = `${scope.partner(x).name}.astype('${other}')`;
    return {
      text: `${scope.of([...ORDERS, 'maximum', 'minimum', 'floorDivide', 'mod', 'fmod', 'rightShift'])}(${scope.of([`${x.name}, ${y}`, `${y}, ${x.name}`])})`,
      bound: 2 ** 32,
    };
  }),
};
