import { type Named, type Operation, on, type Scope } from '../scope.ts';

const float = (scope: Scope): Named | null => scope.float();

/** A smooth function of the names given that keeps the shape of the first and stays below 2. */
function smooth(scope: Scope, first: string, ...others: string[]): string {
  let text = first;
  for (let k = 0; k <= scope.below(3); k++) {
    const partner = scope.of([first, ...others]);
    text = scope.of([
      `tanh(${text})`,
      `sin(${text}.add(${partner}))`,
      `cos(${text}.mul(0.5)).sub(${partner}.mul(0.1))`,
      `sigmoid(${text}).mul(sin(${partner}))`,
    ]);
  }
  return text;
}

export const controlOperations: Readonly<Record<string, Operation>> = {
  checkpoint: on(float, (x, scope) => {
    const y = scope.value((z) => z.dtype === x.dtype && z.shape.join() === x.shape.join()) ?? x;
    return { text: `checkpoint((a, b) => ${smooth(scope, 'a', 'b')})(${x.name}, ${y.name})`, bound: 3 };
  }),
  scanLength: on(float, (x, scope) => ({
    text: `scan((c) => { const n = ${smooth(scope, 'c', x.name)}; return [n, ${scope.of(['n', 'null', 'n.sum()'])}]; }, ${x.name}, null, { length: ${1 + scope.below(4)}, checkpoint: ${scope.below(2) === 1} })[0]`,
    bound: 3,
  })),
  scanOver: on(
    (scope) => scope.value((x) => (x.dtype === 'f32' || x.dtype === 'f64') && x.shape.length >= 1 && x.shape[0] <= 20),
    (x, scope) => {
      const slice = x.shape.slice(1);
      const start = `zeros([${slice.join(', ')}], { dtype: '${x.dtype}' })`;
      const result = scope.of(['[1]', '[0]']);
      return {
        text: `scan((c, s) => { const n = ${smooth(scope, 'c', 's')}; return [n, ${scope.of(['n.mul(s)', 'c', 's.add(1)'])}]; }, ${start}, ${x.name}, { reverse: ${scope.below(2) === 1} })${result}`,
        bound: 6,
      };
    },
  ),
  cond: on(float, (x, scope) => ({
    text: `cond(greater(mean(${x.name}${x.shape.includes(0) ? '.sum()' : ''}), ${scope.of([0, 100, -100])}), (a) => ${smooth(scope, 'a')}, (a) => ${smooth(scope, 'a', x.name)}, ${x.name})`,
    bound: 3,
  })),
  switchCase: on(float, (x, scope) => {
    const index = scope.value((y) => y.dtype === 'i32' && y.shape.length === 0);
    return {
      text: `switchCase(${index?.name ?? scope.below(3)}, [(a) => ${smooth(scope, 'a')}, (a) => a, (a) => ${smooth(scope, 'a')}], ${x.name})`,
      bound: 50,
    };
  }),
  foriLoop: on(float, (x, scope) => ({
    text: `foriLoop(0, ${scope.below(4)}, (i, c) => ${smooth(scope, 'c', `i.astype('${x.dtype}')`)}, ${x.name})`,
    bound: 50,
  })),
  whileLoop: on(float, (x, scope) => ({
    text: `whileLoop(([i, c]) => less(i, ${scope.below(5)}), ([i, c]) => [i.add(1), ${smooth(scope, 'c', x.name)}], [tensor(0, { dtype: 'i32' }), ${x.name}])[1]`,
    bound: 50,
  })),
  custom: on(float, (x, scope) => ({
    text: `customJvp((a) => ${smooth(scope, 'a')}, ([a], [da]) => [sin(a), cos(a).mul(da)])(${x.name})`,
    bound: 3,
  })),
  random: on(float, (x, scope) => ({
    text: `${x.name}.add(random.${scope.of(['uniform', 'normal'])}(random.foldIn(random.key(${scope.below(1000)}), ${scope.below(9)}), [${x.shape.join(', ')}], { dtype: '${x.dtype}' }))`,
    bound: x.bound + 5,
  })),
  inner: on(float, (x, scope) => ({
    text: scope.of([
      `grad((a) => sum(${smooth(scope, 'a')}))(${x.name})`,
      `jvp((a) => ${smooth(scope, 'a')}, [${x.name}], [cos(${x.name})])[1]`,
      `vjp((a) => ${smooth(scope, 'a')}, ${x.name})[1](sin(${x.name}))[0]`,
      `jit((a) => ${smooth(scope, 'a')})(${x.name})`,
    ]),
    bound: 10,
  })),
};
