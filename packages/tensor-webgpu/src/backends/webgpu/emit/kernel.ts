import type { DType } from '../../../dtype/dtype.ts';
import type { Var } from '../../../program/aval.ts';
import { EXCHANGE_ENABLED } from '../exchange.ts';
import { type WgslFunction, wgslModule } from '../math/index.ts';
import { COUNTED_TURNS, countersOf, type Region } from './region.ts';
import { sumOf } from './space.ts';
import { bindingKey, type Spot } from './spot.ts';
import { elementType, u32 } from './wgsl-types.ts';

/** Invocations of a workgroup in kernels made here. */
export const WORKGROUP = 64;
/** Workgroups that one dimension of a dispatch may have in every implementation. */
const MOST_IN_DIMENSION = 65535;

/** A place in memory that a kernel touches, and as what. */
export interface Touched {
  readonly spot: Spot;
  readonly type: string;
}

export const touchedBy = (region: Region, variables: Iterable<Var>): Touched[] =>
  [...variables].map((variable) => ({
    spot: region.spots.get(variable) as Spot,
    type: elementType(variable.dtype),
  }));

interface Binding {
  readonly name: string;
  readonly type: string;
}

/** The text of a shader module in the making: what it binds, the functions it needs, and the bodies of its workgroups. */
export class Kernel {
  readonly region: Region;
  /** In the order of the bindings. */
  readonly spots: readonly Spot[];
  /** The loops whose turn it asks for. */
  readonly turns = new Set<number>();
  /** Whether its lanes exchange registers. */
  exchanges = false;
  private readonly bindings = new Map<string, Binding>();
  private readonly functions = new Set<WgslFunction>();
  private readonly declarations = new Map<string, string>();
  private names = 0;

  constructor(region: Region, touched: readonly Touched[]) {
    this.region = region;
    const spots = new Map<string, { spot: Spot; type: string }>();
    for (const { spot, type } of touched) {
      const key = bindingKey(spot);
      const known = spots.get(key);
      if (!known) spots.set(key, { spot, type });
      else {
        if (known.type !== type) known.type = 'u32';
        if (spot.bytes > known.spot.bytes) known.spot = spot;
      }
    }
    this.spots = [...spots.values()].map(({ spot }) => spot);
    [...spots].forEach(([key, { type }], i) => {
      this.bindings.set(key, { name: `b${i}`, type });
    });
  }

  /** A name that nothing else in the module has. */
  name(prefix: string): string {
    return `${prefix}${this.names++}`;
  }

  need(functions: readonly WgslFunction[]): void {
    for (const one of functions) this.functions.add(one);
  }

  /** Adds a declaration of the module once. */
  declare(name: string, text: string): void {
    this.declarations.set(name, text);
  }

  /** Gives what is bound at a spot a name by which a text knows it. */
  alias(spot: Spot, name: string): void {
    const binding = this.bindings.get(bindingKey(spot)) as Binding;
    this.bindings.set(bindingKey(spot), { ...binding, name });
  }

  /** The four elements from `index` on of a variable that is bound as vectors. */
  loadVector(variable: Var, index: string): string {
    const spot = this.region.spots.get(variable) as Spot;
    const { name } = this.bindings.get(bindingKey(spot)) as Binding;
    return `${name}[(${this.indexIn(spot, index)}) / 4u]`;
  }

  /** An element of a variable in memory; `index` counts elements from where the variable begins. */
  load(variable: Var, index: string): string {
    return this.loadAt(this.region.spots.get(variable) as Spot, variable.dtype, index);
  }

  loadAt(spot: Spot, dtype: DType, index: string): string {
    const { name, type } = this.bindings.get(bindingKey(spot)) as Binding;
    const element = `${name}[${this.indexIn(spot, index)}]`;
    const wanted = elementType(dtype);
    return type === wanted ? element : `bitcast<${wanted}>(${element})`;
  }

  /** A statement that writes an element of a variable. */
  store(variable: Var, index: string, value: string): string {
    return this.storeAt(this.region.spots.get(variable) as Spot, variable.dtype, index, value);
  }

  storeAt(spot: Spot, dtype: DType, index: string, value: string): string {
    const { name, type } = this.bindings.get(bindingKey(spot)) as Binding;
    return `${name}[${this.indexIn(spot, index)}] = ${type === elementType(dtype) ? value : `bitcast<${type}>(${value})`};`;
  }

  private indexIn({ first, turnings }: Spot, index: string): string {
    if (first === 0 && turnings.length === 0) return index;
    const moved = turnings.map(({ loop, elements }) => `${this.turn(loop)} * ${u32(elements)}`);
    return sumOf([...(index === '0u' ? [] : [index]), ...moved], first);
  }

  /** Which turn of a loop is under way. */
  private turn(loop: number): string {
    this.turns.add(loop);
    return countersOf(this.region.loops[loop]) === 1
      ? `turn${loop}`
      : `(turn${loop} + turn${loop}_high * ${COUNTED_TURNS}u)`;
  }

  /** Declarations of what is bound: storage in group 0, turns in group 1. */
  bindingText(): string {
    const lines = [...this.bindings.values()].map(
      ({ name, type }, i) => `@group(0) @binding(${i}) var<storage, read_write> ${name}: array<${type}>;`,
    );
    let binding = 0;
    for (const loop of this.turns) {
      lines.push(`@group(1) @binding(${binding++}) var<uniform> turn${loop}: u32;`);
      if (countersOf(this.region.loops[loop]) === 2)
        lines.push(`@group(1) @binding(${binding++}) var<uniform> turn${loop}_high: u32;`);
    }
    return lines.join('\n');
  }

  /** Everything but the entry point. */
  moduleText(text: string): string {
    const declared = [...this.declarations.values()].join('\n');
    const enabled = this.exchanges ? EXCHANGE_ENABLED : '';
    return [enabled, this.bindingText(), declared, wgslModule([...this.functions]), text]
      .filter((part) => part !== '')
      .join('\n');
  }
}

/** How a number of workgroups is spread over the dimensions of a dispatch. */
export function gridOf(workgroups: number): [number, number, number] {
  if (workgroups <= MOST_IN_DIMENSION) return [workgroups, 1, 1];
  const rows = Math.ceil(workgroups / MOST_IN_DIMENSION);
  return [Math.ceil(workgroups / rows), rows, 1];
}

/** Work for some workgroups: statements that know `block`, the number of the workgroup among these, and `lane`. */
export interface Body {
  readonly workgroups: number;
  readonly text: string;
}

/** From so many elements on, each lane takes several. */
const MANY_ELEMENTS = 1 << 20;
const ELEMENTS_OF_LANE = 4;

/** A body that goes through elements, neighbouring lanes through neighbouring ones. */
export function elementwise(count: number, element: (position: string) => string): Body {
  if (count >= MANY_ELEMENTS) {
    const each = ELEMENTS_OF_LANE * WORKGROUP;
    const head = `for (var at = block * ${u32(each)} + lane; at < min(block * ${u32(each)} + ${u32(each)}, ${u32(count)}); at += ${u32(WORKGROUP)}) {`;
    return { workgroups: Math.ceil(count / each), text: `${head}\n${element('at')}\n}` };
  }
  return {
    workgroups: Math.ceil(count / WORKGROUP),
    text: `let at = block * ${u32(WORKGROUP)} + lane;\nif (at >= ${u32(count)}) { return; }\n${element('at')}`,
  };
}

/** A module whose workgroups run the bodies, one after the other by their numbers. */
export function kernelSource(kernel: Kernel, bodies: readonly Body[]): string {
  const total = bodies.reduce((sum, { workgroups }) => sum + workgroups, 0);
  const [width] = gridOf(total);
  const functions = bodies.map(({ text }, i) => `fn body${i}(block: u32, lane: u32) {\n${text}\n}`);
  let start = 0;
  const branches = bodies.map(({ workgroups }, i) => {
    const call = `body${i}(block - ${u32(start)}, lane);`;
    start += workgroups;
    const last = i === bodies.length - 1 && total === width;
    return last ? `{ ${call} }` : `if (block < ${u32(start)}) { ${call} }`;
  });
  const main = [
    `@compute @workgroup_size(${WORKGROUP})`,
    'fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {',
    `let block = group.x + group.y * ${u32(width)};`,
    branches.join(' else '),
    '}',
  ].join('\n');
  return kernel.moduleText(`${functions.join('\n')}\n${main}`);
}
