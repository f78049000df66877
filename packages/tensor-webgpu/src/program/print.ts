import { type Atom, type Aval, Literal, type Params, type Var } from './aval.ts';
import { type Eqn, isProgram, type Program } from './program.ts';

export const showAval = (aval: Aval): string => `${aval.dtype}[${aval.shape.join(',')}]`;

/** Short names for variables in order of appearance: a, b, …, z, aa, … */
export class Names {
  private readonly names = new Map<Var, string>();

  of(atom: Atom): string {
    if (atom instanceof Literal) return Object.is(atom.value, -0) ? '-0' : String(atom.value);
    let name = this.names.get(atom);
    if (name === undefined) {
      name = letters(this.names.size);
      this.names.set(atom, name);
    }
    return name;
  }
}

function letters(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : letters(Math.floor(index / 26) - 1) + letter;
}

function showParams(params: Params, indent: string): string {
  const entries = Object.entries(params ?? {}).filter(
    ([, value]) => value !== undefined && typeof value !== 'function',
  );
  if (entries.length === 0) return '';
  return `[${entries.map(([key, value]) => `${key}=${showParam(value, indent)}`).join(' ')}]`;
}

function showParam(value: unknown, indent: string): string {
  if (isProgram(value)) return `{\n${printProgram(value, `${indent}  `)}\n${indent}}`;
  if (Array.isArray(value)) return `(${value.map((item) => showParam(item, indent)).join(',')})`;
  if (typeof value === 'object' && value !== null)
    return `(${Object.entries(value)
      .map(([k, v]) => `${k}=${showParam(v, indent)}`)
      .join(' ')})`;
  return String(value);
}

export function printEqn(eqn: Eqn, names: Names, indent = ''): string {
  const inputs = eqn.inputs.map((atom) => names.of(atom)).join(' ');
  const outputs = eqn.outputs.map((variable) => `${names.of(variable)}:${showAval(variable)}`).join(' ');
  return `${indent}${outputs} = ${eqn.primitive.name}${showParams(eqn.params, indent)} ${inputs}`.trimEnd();
}

/** A program as text, one equation a line: `c:f32[3] = mul a b`. */
export function printProgram(program: Program, indent = '', names = new Names()): string {
  const inputs = program.inputs.map((variable) => `${names.of(variable)}:${showAval(variable)}`).join(' ');
  const lines = program.eqns.map((eqn) => printEqn(eqn, names, `${indent}  `));
  const outputs = program.outputs.map((atom) => names.of(atom)).join(' ');
  return [`${indent}inputs ${inputs}`, ...lines, `${indent}outputs ${outputs}`].join('\n');
}
