import { type Expression, visit } from '../../../kernels/expression.ts';
import type { Var } from '../../../program/aval.ts';
import type { Affine } from '../../../shape/affine.ts';
import type { Kernel } from './kernel.ts';
import { numberText, scalarCall } from './scalar.ts';
import { sumOf } from './space.ts';
import { elementType, u32 } from './wgsl-types.ts';

/** How a place becomes a number: from the names of the steps of the loops around. */
export type Locate = (place: Affine) => string;

/** Writes values of one element of a loop, each once, as statements in order. */
export class Elements {
  readonly lines: string[] = [];
  private readonly kernel: Kernel;
  private readonly locate: Locate;
  /** Values that are not read from memory: of a variable, or of a node. */
  private readonly ready: ReadonlyMap<Var | Expression, string>;
  private readonly names = new Map<Expression, string>();
  /** Results of a function with several, by its operands. */
  private readonly several = new Map<readonly Expression[], string>();

  constructor(kernel: Kernel, locate: Locate, ready: ReadonlyMap<Var | Expression, string> = new Map()) {
    this.kernel = kernel;
    this.locate = locate;
    this.ready = ready;
  }

  /** The name of a value, whose computation is written first. */
  value(root: Expression): string {
    visit([root], (node) => this.write(node), this.names);
    return this.names.get(root) as string;
  }

  private write(node: Expression): void {
    if (node.kind === 'literal') {
      this.names.set(node, numberText(this.kernel, node.value, node.dtype));
      return;
    }
    const name = this.kernel.name('v');
    this.lines.push(`let ${name}: ${elementType(node.dtype)} = ${this.text(node)};`);
    this.names.set(node, name);
  }

  private text(node: Exclude<Expression, { kind: 'literal' }>): string {
    const { kernel } = this;
    if (node.kind === 'index') {
      const position = kernel.name('x');
      this.lines.push(`let ${position} = bitcast<i32>(${this.locate(node.place)});`);
      return scalarCall(kernel, { code: 'cast', from: ['i32'], to: node.dtype }, [position]);
    }
    if (node.kind === 'load') {
      const ready = this.ready.get(node) ?? this.ready.get(node.variable);
      if (ready !== undefined) return ready;
      const terms = node.terms.map(({ index, limit, stride }) =>
        clamped(this.names.get(index) as string, index.dtype === 'u32', limit, stride),
      );
      const place = this.locate(node.place);
      return kernel.load(node.variable, sumOf([...(place === '0u' && terms.length > 0 ? [] : [place]), ...terms]));
    }
    const args = node.args.map((arg) => this.names.get(arg) as string);
    const code = {
      code: node.code,
      from: node.args.map(({ dtype }) => dtype),
      to: node.dtype,
      params: node.eqn.params,
    };
    if (node.eqn.outputs.length === 1) return scalarCall(kernel, code, args);
    let results = this.several.get(node.args);
    if (!results) {
      results = kernel.name('r');
      this.lines.push(`let ${results} = ${scalarCall(kernel, code, args)};`);
      this.several.set(node.args, results);
    }
    return `${results}[${node.output}]`;
  }
}

/** `clamp(index, 0, limit)·stride` as an unsigned number. */
function clamped(index: string, unsigned: boolean, limit: number, stride: number): string {
  const position = unsigned ? `min(${index}, ${u32(limit)})` : `u32(clamp(${index}, 0i, ${limit}i))`;
  return stride === 1 ? position : `${position} * ${u32(stride)}`;
}
