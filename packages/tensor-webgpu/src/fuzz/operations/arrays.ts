import { range, sizeOf } from '../../shape/shape.ts';
import { MOST_ELEMENTS, type Named, type Operation, on, type Scope } from '../scope.ts';

const any = (scope: Scope): Named | null => scope.any();
const anyWide = (scope: Scope): Named | null => scope.value((x) => x.shape.length >= 1);
const numberWide = (scope: Scope): Named | null => scope.value((x) => x.dtype !== 'bool' && x.shape.length >= 1);
const floatWide = (scope: Scope): Named | null => scope.wide(1);
const list = (numbers: readonly number[]): string => `[${numbers.join(', ')}]`;

/** Factors of a size as a shape of up to four axes. */
function factored(scope: Scope, size: number): number[] {
  const shape: number[] = [];
  let rest = size;
  while (rest > 1 && shape.length < 3) {
    const divisor = scope.of(range(1, rest + 1).filter((d) => rest % d === 0));
    shape.push(divisor);
    rest /= divisor;
  }
  return [...shape, rest];
}

/** Integers that serve as row numbers below `extent`, some of them negative or out of range. */
function rows(scope: Scope, extent: number): { text: string; count: number } {
  const count = 1 + scope.below(6);
  const [step, shift] = [scope.below(4), scope.below(3)];
  const line = `arange(${count}, { dtype: 'i32' }).mul(${step}).sub(${shift})`;
  return {
    text: scope.of([line, `${line}.mod(${extent + 1})`, `arange(${count}, { dtype: 'u32' }).mul(${step})`]),
    count,
  };
}

export const arrayOperations: Readonly<Record<string, Operation>> = {
  sum: on(numberWide, (x, scope) => ({
    text: `${scope.of(['sum', 'mean', 'sum'])}(${x.name}, ${scope.reduction(x)})`,
    bound: x.bound * sizeOf(x.shape) ** 0.7,
  })),
  extreme: on(numberWide, (x, scope) => ({
    text: `${scope.of(['max', 'min'])}(${x.name}, ${scope.reduction(x)})`,
    bound: x.bound,
  })),
  prod: on(floatWide, (x, scope) => ({
    text: `prod(tanh(${x.name}).add(${scope.of([1, 0])}), ${scope.reduction(x)})`,
    bound: 1e3,
  })),
  statistics: on(floatWide, (x, scope) => ({
    text: scope.of([
      `variance(${x.name}, ${scope.reduction(x)})`,
      `logsumexp(${x.name}, ${scope.reduction(x)})`,
      `softmax(${x.name}, { axis: ${scope.axis(x)} })`,
      `norm(${x.name}.add(${x.bound + 1}), ${scope.reduction(x)})`,
      `logSoftmax(${x.name}, { axis: ${scope.axis(x)} })`,
      `median(${x.name}, { axis: ${scope.axis(x)} })`,
    ]),
    bound: x.bound ** 2 + 10,
  })),
  truth: on(numberWide, (x, scope) => ({
    text: `${scope.of(['any', 'all', 'countNonzero'])}(greater(${x.name}, 0), { axis: ${scope.axis(x)} })`,
  })),
  argument: on(numberWide, (x, scope) => ({
    text: `${scope.of(['argmax', 'argmin', 'argsort'])}(${x.name}, { axis: ${scope.axis(x)} })`,
    bound: 40,
  })),
  cumulative: on(numberWide, (x, scope) => ({
    text: `${scope.of(['cumsum', 'cummax', 'cummin'])}(${x.name}, { axis: ${scope.axis(x)}, reverse: ${scope.below(2) === 1} })`,
    bound: x.bound * 6,
  })),
  cumulativeFloat: on(floatWide, (x, scope) => ({
    text: `${scope.of(['cumprod', 'cumlogsumexp'])}(tanh(${x.name}), { axis: ${scope.axis(x)}, reverse: ${scope.below(2) === 1} })`,
    bound: 5,
  })),
  sort: on(numberWide, (x, scope) => ({
    text: `sort(${x.name}, { axis: ${scope.axis(x)}, descending: ${scope.below(2) === 1} })`,
    bound: x.bound,
  })),
  topK: on(numberWide, (x, scope) => {
    const axis = scope.axis(x);
    return { text: `topK(${x.name}, ${scope.below(x.shape[axis] + 1)}, { axis: ${axis} }).values`, bound: x.bound };
  }),
  reshape: on(any, (x, scope) => ({
    text: `reshape(${x.name}, ${list(sizeOf(x.shape) === 0 ? [...x.shape].reverse() : factored(scope, sizeOf(x.shape)))})`,
    bound: x.bound,
  })),
  flatten: on(any, (x, scope) => ({
    text: `${scope.of(['ravel(X)', 'reshape(X, [-1, 1])', 'X.flatten()']).replace('X', x.name)}`,
    bound: x.bound,
  })),
  transpose: on(anyWide, (x, scope) => ({
    text: `transpose(${x.name}, ${list(scope.shuffled(x.shape.length))})`,
    bound: x.bound,
  })),
  expand: on(any, (x, scope) =>
    x.shape.length > 3 ? null : { text: `expandDims(${x.name}, ${scope.below(x.shape.length + 1)})`, bound: x.bound },
  ),
  broadcast: on(any, (x, scope) => {
    const extent = 1 + scope.below(5);
    return x.shape.length > 3 || sizeOf(x.shape) * extent > MOST_ELEMENTS
      ? null
      : { text: `broadcastTo(${x.name}, ${list([extent, ...x.shape])})`, bound: x.bound };
  }),
  slice: on(anyWide, (x, scope) => ({
    text: `slice(${x.name}, ${x.shape
      .map((extent) => {
        const start = scope.below(extent);
        if (extent > 0 && scope.once(4)) return String(start);
        const stop = start + 1 + scope.below(extent - start);
        const step = 1 + scope.below(3);
        return scope.once(4) ? `{ step: ${-step} }` : `[${start}, ${stop}, ${step}]`;
      })
      .join(', ')})`,
    bound: x.bound,
  })),
  flip: on(anyWide, (x, scope) => ({ text: `flip(${x.name}, ${scope.axis(x)})`, bound: x.bound })),
  roll: on(anyWide, (x, scope) => ({
    text: `roll(${x.name}, ${scope.below(5) - 2}, ${scope.axis(x)})`,
    bound: x.bound,
  })),
  concat: on(anyWide, (x, scope) => {
    const axis = scope.axis(x);
    const y =
      scope.value(
        (z) =>
          z.dtype === x.dtype &&
          z.shape.length === x.shape.length &&
          z.shape.every((extent, i) => i === axis || extent === x.shape[i]),
      ) ?? x;
    return { text: `concat([${x.name}, ${y.name}], ${axis})`, bound: Math.max(x.bound, y.bound) };
  }),
  stack: on(any, (x, scope) => {
    const y = scope.value((z) => z.dtype === x.dtype && z.shape.join() === x.shape.join()) ?? x;
    return x.shape.length > 3
      ? null
      : {
          text: `stack([${x.name}, ${y.name}], ${scope.below(x.shape.length + 1)})`,
          bound: Math.max(x.bound, y.bound),
        };
  }),
  split: on(anyWide, (x, scope) => {
    const axis = scope.axis(x);
    const first = scope.below(x.shape[axis] + 1);
    return {
      text: `split(${x.name}, [${first}, ${x.shape[axis] - first}], ${axis})[${scope.below(2)}]`,
      bound: x.bound,
    };
  }),
  pad: on(anyWide, (x, scope) => {
    const mode = scope.of(['constant', 'edge', 'wrap', 'reflect', 'constant']);
    const widths = x.shape.map(() => `[${scope.below(3)}, ${scope.below(2)}]`);
    return { text: `pad(${x.name}, [${widths.join(', ')}], { mode: '${mode}' })`, bound: x.bound };
  }),
  repeat: on(anyWide, (x, scope) => ({
    text: `${scope.below(2) === 0 ? `repeat(${x.name}, ${1 + scope.below(3)}, ${scope.axis(x)})` : `tile(${x.name}, ${list(x.shape.map(() => 1 + scope.below(2)))})`}`,
    bound: x.bound,
  })),
  triangle: on(
    (scope) => scope.value((x) => x.shape.length >= 2),
    (x, scope) => ({ text: `${scope.of(['tril', 'triu'])}(${x.name}, ${scope.below(3) - 1})`, bound: x.bound }),
  ),
  take: on(anyWide, (x, scope) => {
    const axis = scope.axis(x);
    return x.shape[axis] === 0
      ? null
      : { text: `take(${x.name}, ${rows(scope, x.shape[axis]).text}, { axis: ${axis} })`, bound: x.bound };
  }),
  takeComputed: on(numberWide, (x, scope) => {
    const index = scope.value(
      (y) => y.dtype === 'i32' && y.shape.length <= 2 && sizeOf(y.shape) * sizeOf(x.shape) <= MOST_ELEMENTS,
    );
    return index && x.shape[0] > 0 ? { text: `take(${x.name}, ${index.name})`, bound: x.bound } : null;
  }),
  takeAlong: on(anyWide, (x, scope) => {
    const axis = scope.axis(x);
    const text = `argsort(${x.name}.astype('f32'), { axis: ${axis} }).sub(${scope.below(4)})`;
    return x.shape[axis] === 0 ? null : { text: `takeAlongAxis(${x.name}, ${text}, ${axis})`, bound: x.bound };
  }),
  gather: on(anyWide, (x, scope) => {
    const lead = scope.below(x.shape.length);
    const shape = [...x.shape.slice(0, lead), 2];
    const index = `arange(${sizeOf(shape)}).reshape(${list(shape)}).sub(${scope.below(5)})`;
    return x.shape[lead] === 0 || sizeOf(x.shape) * 2 > MOST_ELEMENTS
      ? null
      : { text: `gather(${x.name}, ${index}, { batchDims: ${lead} })`, bound: x.bound };
  }),
  rollAxes: on(anyWide, (x, scope) => ({
    text: `roll(${x.name}, ${list(x.shape.map(() => scope.below(5) - 2))}, ${list(scope.shuffled(x.shape.length))})`,
    bound: x.bound,
  })),
  pool: on(floatWide, (x, scope) => {
    const [window, stride] = [1 + scope.below(x.shape[x.shape.length - 1] + 2), 1 + scope.below(3)];
    return {
      text: `${scope.of(['maxPool1d', 'avgPool1d'])}(reshape(${x.name}, [1, -1, ${x.shape[x.shape.length - 1]}]), ${window}, { stride: ${scope.of([stride, window])} })`,
      bound: x.bound,
    };
  }),
  scatter: on(numberWide, (x, scope) => {
    const y = scope.partner(x);
    const { text, count } = rows(scope, x.shape[0]);
    const updates = `broadcastTo(mean(${y.name}).astype('${x.dtype}'), ${list([count, ...x.shape.slice(1)])})`;
    const source = x.dtype === y.dtype && x.shape[0] > 0 && scope.below(2) === 0 ? `take(${x.name}, ${text})` : updates;
    return {
      text: `${scope.of(['scatterAdd', 'scatterSet', 'scatterMax', 'scatterMin'])}(${x.name}, ${text}, ${source})`,
      bound: x.bound * 4,
    };
  }),
  segment: on(floatWide, (x, scope) => ({
    text: `${scope.of(['segmentSum', 'segmentMean', 'segmentSoftmax'])}(${x.name}, arange(${x.shape[0]}, { dtype: 'i32' }).mul(${1 + scope.below(3)}).mod(3), 3)`,
    bound: x.bound * 4,
  })),
  dynamic: on(anyWide, (x, scope) => {
    const sizes = x.shape.map((extent) => 1 + scope.below(Math.max(1, extent)));
    if (x.shape.includes(0)) return null;
    const computed = `argmax(ravel(${x.name}.astype('f32')), { axis: 0 }).mod(4).sub(1)`;
    const starts = x.shape.map((_, i) => (i === 0 && scope.below(2) === 1 ? computed : String(scope.below(6) - 2)));
    const block = `dynamicSlice(${x.name}, [${starts.join(', ')}], ${list(sizes)})`;
    return {
      text:
        scope.below(2) === 0 ? block : `dynamicUpdateSlice(${x.name}, ${block}, [${[...starts].reverse().join(', ')}])`,
      bound: x.bound,
    };
  }),
  oneHot: on(
    (scope) => scope.value((x) => x.dtype === 'i32' && sizeOf(x.shape) <= 300),
    (x, scope) => ({
      text: `oneHot(${x.name}, ${1 + scope.below(5)}, { dtype: '${scope.of(['f32', 'f64'])}' })`,
      bound: 1,
    }),
  ),
};
