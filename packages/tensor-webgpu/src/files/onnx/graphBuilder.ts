import { type DType, type TypedArray, toDType } from '../../dtype/dtype.ts';
import { type Atom, Literal, type Var } from '../../program/aval.ts';
import type { Shape } from '../../shape/shape.ts';
import type { ElementType, OnnxAttribute, OnnxConstant, OnnxNode } from './model.ts';

const ARRAYS = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, bool: Uint8Array } as const;

/** Collects nodes and constants under names of their own while a program is translated. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];
  private readonly names = new Map<Var, string>();
  private count = 0;

  /** Names a value of the program. */
  bind(variable: Var, name: string): void {
    this.names.set(variable, name);
  }

  /** The name of a value; a literal becomes a constant of rank 0. */
  nameOf(atom: Atom): string {
    if (atom instanceof Literal) return this.constant(atom.dtype as ElementType, [], [atom.value]);
    const name = this.names.get(atom);
    if (name === undefined) throw new Error(`The value ${atom.id} has no name yet.`);
    return name;
  }

  /** A new value: `operator(inputs)`. */
  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    const name = this.fresh(operator.toLowerCase());
    this.nodes.push({ operator, inputs, outputs: [name], attributes });
    return name;
  }

  constant(type: ElementType, shape: Shape, values: ArrayLike<number>): string {
    const data =
      type === 'i64'
        ? BigInt64Array.from(Array.from(values), BigInt)
        : ARRAYS[type].from(Array.from(values, (value) => toDType(type, value)));
    return this.named(type, shape, data);
  }

  /** A list of whole numbers, as shapes and axes are given. */
  list(values: readonly number[]): string {
    return this.constant('i64', [values.length], values);
  }

  named(type: ElementType, shape: Shape, data: TypedArray | BigInt64Array, name = this.fresh('constant')): string {
    this.constants.push({ name, type, shape, data });
    return name;
  }

  private fresh(kind: string): string {
    return `${kind}_${this.count++}`;
  }
}

/** The element type under which a dtype goes into a model. */
export const elementType = (dtype: DType): ElementType => dtype as ElementType;
