import type { Shape } from '../shape/shape.ts';
import { type Atom, Var } from './aval.ts';
import { isProgram, type Program } from './program.ts';

const functionIds = new WeakMap<object, number>();
let nextFunctionId = 0;

function identity(value: object): string {
  let id = functionIds.get(value);
  if (id === undefined) {
    id = nextFunctionId++;
    functionIds.set(value, id);
  }
  return `#${id}`;
}

/** A text that two programs share exactly when they compute the same thing in the same way. */
export function programKey(program: Program): string {
  const parts: string[] = [];
  writeProgram(program, parts, false);
  return parts.join('');
}

/** The same for programs that may still be differentiated: derivative rules of custom calls count, by identity. */
export function differentiableKey(program: Program): string {
  const parts: string[] = [];
  writeProgram(program, parts, true);
  return parts.join('');
}

/** `[2,3]`, faster than `join`, which is slow on arrays that nobody can write to. */
function extents(shape: Shape): string {
  let text = '[';
  for (let i = 0; i < shape.length; i++) text += i > 0 ? `,${shape[i]}` : shape[i];
  return `${text}]`;
}

function writeProgram(program: Program, parts: string[], rules: boolean): void {
  const numbers = new Map<Var, number>();
  const declare = (variable: Var): void => {
    numbers.set(variable, numbers.size);
    parts.push(variable.dtype, extents(variable.shape));
  };
  const use = (atom: Atom): void => {
    if (atom instanceof Var) parts.push('%', String(numbers.get(atom)), ' ');
    else parts.push(atom.dtype, ':', numberKey(atom.value), ' ');
  };
  for (const variable of program.inputs) declare(variable);
  for (const eqn of program.eqns) {
    parts.push(';', eqn.primitive.name, '(');
    // An inlined call is its body, once the rules it carries for derivatives do not matter any more.
    writeParam(eqn.primitive.body && !rules ? eqn.primitive.body(eqn.params) : eqn.params, parts, rules);
    parts.push(')');
    for (const atom of eqn.inputs) use(atom);
    parts.push('>');
    for (const variable of eqn.outputs) declare(variable);
  }
  parts.push('=');
  for (const atom of program.outputs) use(atom);
}

const numberKey = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function writeParam(value: unknown, parts: string[], rules: boolean): void {
  if (isProgram(value)) {
    parts.push('{');
    writeProgram(value, parts, rules);
    parts.push('}');
  } else if (Array.isArray(value)) {
    parts.push('[');
    for (const item of value) {
      writeParam(item, parts, rules);
      parts.push(',');
    }
    parts.push(']');
  } else if (typeof value === 'number') {
    parts.push(numberKey(value));
  } else if (typeof value === 'function') {
    parts.push(identity(value));
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value).sort()) {
      parts.push(name, ':');
      writeParam((value as Record<string, unknown>)[name], parts, rules);
      parts.push(' ');
    }
  } else {
    parts.push(String(value));
  }
}

/** The key of an equation's operation alone: primitive and parameters, without its operands. */
export function operationKey(name: string, params: unknown): string {
  const parts = [name, '('];
  writeParam(params, parts, true);
  parts.push(')');
  return parts.join('');
}
