import { checkedOptions } from '../../errors/checks.ts';
import { FlowfieldError } from '../../errors/errors.ts';
import { lower } from '../../optimize/simplify.ts';
import { type Atom, Var } from '../../program/aval.ts';
import type { Program } from '../../program/program.ts';
import type { Value } from '../../program/value.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { flattenArguments, type TreeFunction, traceFunction } from '../../transforms/function.ts';
import { paths } from '../../tree/tree.ts';
import { elementType, GraphBuilder } from './graphBuilder.ts';
import { encodeModel, type OnnxValue } from './model.ts';
import { translation } from './operators.ts';

/** A function that ONNX cannot express. */
export class OnnxError extends FlowfieldError {}

export interface OnnxOptions {
  /** Names of the arguments, in order; leaves of a tree add their paths. Default `input0`, `input1`, … */
  readonly inputNames?: readonly string[];
  /** Names of the results. Default `output0`, … */
  readonly outputNames?: readonly string[];
  /** Positions of arguments that are written into the model (parameters), not asked for. Default none. */
  readonly constants?: readonly number[];
  /** Name of the graph. */
  readonly name?: string;
}

/**
 * A function of tensors as an ONNX model (operator set 13), for the shapes and dtypes of the given arguments:
 * `exportOnnx(net.apply, [params, x], { constants: [0], inputNames: ['params', 'x'] })`.
 *
 * @returns the bytes of the file, which ONNX Runtime and others run
 * @throws OnnxError naming the first operation that ONNX has no counterpart for (loops, draws, factorizations);
 * ArgumentError for misspelt options
 */
export async function exportOnnx(
  f: TreeFunction,
  args: readonly unknown[],
  options: OnnxOptions = {},
): Promise<Uint8Array> {
  const {
    inputNames,
    outputNames,
    constants = [],
    name = 'flowfield',
  } = checkedOptions('exportOnnx', options, ['inputNames', 'outputNames', 'constants', 'name']);
  const flat = flattenArguments(args, 'exportOnnx');
  const traced = traceFunction(f, flat, 'exportOnnx');
  const program = lower(traced.program);
  const graph = new GraphBuilder();
  const inputs: OnnxValue[] = [];
  const leaves = args.flatMap((arg, i) =>
    paths(arg).map((path) => ({ argument: i, name: [inputNames?.[i] ?? `input${i}`, path].filter(Boolean).join('.') })),
  );
  await Promise.all(
    program.inputs.map(async (variable, i) => {
      const leaf = leaves[i];
      const own = leaf?.name ?? `captured${i}`;
      graph.bind(variable, own);
      if (leaf === undefined || constants.includes(leaf.argument)) {
        const data = await (traced.inputs[i] as Value as unknown as Tensor).data();
        graph.named(elementType(variable.dtype), variable.shape, data, own);
      } else inputs.push({ name: own, dtype: variable.dtype, shape: variable.shape });
    }),
  );
  translate(program, graph);
  const outputs = program.outputs.map((atom, i): OnnxValue => {
    const own = outputNames?.[i] ?? `output${i}`;
    graph.nodes.push({ operator: 'Identity', inputs: [graph.nameOf(atom)], outputs: [own], attributes: {} });
    return { name: own, dtype: atom.dtype, shape: atom.shape };
  });
  return encodeModel({ name, inputs, outputs, constants: graph.constants, nodes: graph.nodes });
}

function translate(program: Program, graph: GraphBuilder): void {
  for (const eqn of program.eqns) {
    const { primitive, inputs, outputs, params } = eqn;
    if (!inputs.some((atom: Atom) => atom instanceof Var)) {
      // Known now: index numbers and the like.
      const [value] = primitive.evaluate([], params, outputs);
      if (inputs.length === 0 && value) {
        graph.bind(outputs[0], graph.constant(elementType(outputs[0].dtype), outputs[0].shape, value.data));
        continue;
      }
    }
    const rule = translation(eqn);
    if (rule === undefined || outputs.length !== 1) {
      throw new OnnxError(
        `exportOnnx: ONNX has no counterpart of '${primitive.name}' on ${outputs.map(({ dtype }) => dtype).join(', ')}. Export a function without it, such as the network alone.`,
      );
    }
    graph.bind(
      outputs[0],
      rule(
        eqn,
        inputs.map((atom) => graph.nameOf(atom)),
        graph,
      ),
    );
  }
}
