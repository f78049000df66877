import { isInteger } from '../../dtype/dtype.ts';
import type { Eqn } from '../../program/program.ts';
import { range } from '../../shape/shape.ts';
import type { GraphBuilder } from './graphBuilder.ts';

/** Translates one equation; returns the name of its result. */
export type Translate = (eqn: Eqn, inputs: readonly string[], graph: GraphBuilder) => string;

/** Operators that take the same operands and need nothing else. */
const SAME: Readonly<Record<string, string>> = {
  ...{ add: 'Add', sub: 'Sub', mul: 'Mul', neg: 'Neg', abs: 'Abs', sign: 'Sign', pow: 'Pow' },
  ...{ floor: 'Floor', ceil: 'Ceil', round: 'Round', sqrt: 'Sqrt', exp: 'Exp', log: 'Log', erf: 'Erf' },
  ...{ sin: 'Sin', cos: 'Cos', tan: 'Tan', asin: 'Asin', acos: 'Acos', atan: 'Atan' },
  ...{ sinh: 'Sinh', cosh: 'Cosh', asinh: 'Asinh', acosh: 'Acosh', atanh: 'Atanh', tanh: 'Tanh' },
  ...{ sigmoid: 'Sigmoid', softplus: 'Softplus', max: 'Max', min: 'Min' },
  ...{ eq: 'Equal', lt: 'Less', le: 'LessOrEqual', gt: 'Greater', ge: 'GreaterOrEqual', isNaN: 'IsNaN' },
  ...{ select: 'Where', stopGradient: 'Identity', barrier: 'Identity' },
};

const same =
  (operator: string): Translate =>
  (_eqn, inputs, graph) =>
    graph.node(operator, inputs);

/** A number beside a value of some dtype. */
const scalar = (graph: GraphBuilder, { outputs: [output] }: Eqn, value: number): string =>
  graph.constant(output.dtype as 'f32', [], [value]);

const reduceByAttribute =
  (operator: string): Translate =>
  ({ params: { axes } }, [x], graph) =>
    graph.node(operator, [x], { axes, keepdims: 0 });

/** Letters of an Einsum for axes that are numbered over both operands. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

const contraction: Translate = ({ inputs: [x, y], params: { contract, batch } }, names, graph) => {
  let next = 0;
  const letter = (): string => LETTERS[next++];
  const [left, right] = [x, y].map(({ shape }) => Array<string>(shape.length).fill(''));
  for (const pairs of [batch, contract]) {
    pairs[0].forEach((axis: number, i: number) => {
      left[axis] = right[pairs[1][i]] = letter();
    });
  }
  for (const side of [left, right]) side.forEach((was, axis) => (side[axis] = was || letter()));
  const shared = (axes: number[]): string[] => axes.map((axis) => left[axis]);
  const free = (letters: string[], side: 0 | 1): string[] =>
    letters.filter((_, axis) => !contract[side].includes(axis) && !batch[side].includes(axis));
  const out = [...shared(batch[0]), ...free(left, 0), ...free(right, 1)];
  return graph.node('Einsum', names, { equation: `${left.join('')},${right.join('')}->${out.join('')}` });
};

const broadcast: Translate = ({ inputs: [x], params: { shape, dims } }, [name], graph) => {
  const widened = shape.map((_: number, axis: number) => {
    const from = dims.indexOf(axis);
    return from < 0 ? 1 : x.shape[from];
  });
  return graph.node('Expand', [graph.node('Reshape', [name, graph.list(widened)]), graph.list(shape)]);
};

const gather: Translate = ({ inputs: [operand, indices], params: { batchDims } }, [x, i], graph) => {
  // Numbers outside take the nearest row here; ONNX refuses them, and counts negative ones from the end.
  const low = graph.constant('i32', [], [0]);
  const high = graph.constant('i32', [], [operand.shape[batchDims] - 1]);
  const inside = graph.node('Min', [graph.node('Max', [i, low]), high]);
  if (batchDims === 0) return graph.node('Gather', [x, inside], { axis: 0 });
  const wide = graph.node('Cast', [inside], { to: 7 });
  const tuples = graph.node('Reshape', [wide, graph.list([...indices.shape, 1])]);
  return graph.node('GatherND', [x, tuples], { batch_dims: batchDims });
};

/** TensorProto.DataType of the dtypes that Cast may give. */
const CAST = { f32: 1, i32: 6, bool: 9, f64: 11, u32: 12 } as const;

const composed: Readonly<Record<string, Translate>> = {
  ne: (_eqn, inputs, graph) => graph.node('Not', [graph.node('Equal', inputs)]),
  rsqrt: (_eqn, inputs, graph) => graph.node('Reciprocal', [graph.node('Sqrt', inputs)]),
  expm1: (eqn, inputs, graph) => graph.node('Sub', [graph.node('Exp', inputs), scalar(graph, eqn, 1)]),
  log1p: (eqn, inputs, graph) => graph.node('Log', [graph.node('Add', [inputs[0], scalar(graph, eqn, 1)])]),
  erfc: (eqn, inputs, graph) => graph.node('Sub', [scalar(graph, eqn, 1), graph.node('Erf', inputs)]),
  cbrt: (eqn, [x], graph) => {
    const root = graph.node('Pow', [graph.node('Abs', [x]), scalar(graph, eqn, 1 / 3)]);
    return graph.node('Mul', [graph.node('Sign', [x]), root]);
  },
  trunc: (_eqn, [x], graph) =>
    graph.node('Mul', [graph.node('Sign', [x]), graph.node('Floor', [graph.node('Abs', [x])])]),
  rem: ({ outputs: [output] }, inputs, graph) => graph.node('Mod', inputs, { fmod: isInteger(output.dtype) ? 0 : 1 }),
  cast: ({ inputs: [x], outputs: [output] }, inputs, graph) => {
    // Floats become whole numbers towards zero here and there alike.
    const to = CAST[output.dtype as keyof typeof CAST];
    return x.dtype === output.dtype ? graph.node('Identity', inputs) : graph.node('Cast', inputs, { to });
  },
  dotGeneral: contraction,
  broadcastInDim: broadcast,
  reshape: ({ outputs: [output] }, [x], graph) => graph.node('Reshape', [x, graph.list(output.shape)]),
  transpose: ({ params: { permutation } }, inputs, graph) => graph.node('Transpose', inputs, { perm: permutation }),
  slice: ({ inputs: [x], params: { start, limit, strides } }, [name], graph) => {
    const axes = range(0, x.shape.length);
    const steps = strides ?? axes.map(() => 1);
    return graph.node('Slice', [name, ...[start, limit, axes, steps].map((values) => graph.list(values))]);
  },
  rev: ({ inputs: [x], params: { axes } }, [name], graph) => {
    const from = axes.map((axis: number) => x.shape[axis] - 1);
    // The end lies before the first element.
    const to = axes.map((axis: number) => -x.shape[axis] - 1);
    return graph.node('Slice', [name, ...[from, to, axes, axes.map(() => -1)].map((values) => graph.list(values))]);
  },
  concat: ({ params: { axis } }, inputs, graph) => graph.node('Concat', inputs, { axis }),
  reduceSum: ({ params: { axes } }, [x], graph) => graph.node('ReduceSum', [x, graph.list(axes)], { keepdims: 0 }),
  reduceMax: reduceByAttribute('ReduceMax'),
  reduceMin: reduceByAttribute('ReduceMin'),
  reduceProd: reduceByAttribute('ReduceProd'),
  gather,
};

/** The translation of a primitive by its name; `undefined` where ONNX has nothing that does the same. */
export function translation({ primitive: { name }, outputs, params }: Eqn): Translate | undefined {
  if (name === 'div') return isInteger(outputs[0].dtype) ? undefined : same('Div');
  if (name === 'pad') return params.interior?.some((places: number) => places > 0) ? undefined : pad;
  if (name === 'and' || name === 'or' || name === 'xor' || name === 'not') {
    const logical = { and: 'And', or: 'Or', xor: 'Xor', not: 'Not' }[name];
    return outputs[0].dtype === 'bool' ? same(logical) : undefined;
  }
  return Object.hasOwn(SAME, name) ? same(SAME[name]) : composed[name];
}

const pad: Translate = ({ outputs: [output], params: { low, high, value } }, [x], graph) =>
  graph.node('Pad', [x, graph.list([...low, ...high]), graph.constant(output.dtype as 'f32', [], [value])]);
