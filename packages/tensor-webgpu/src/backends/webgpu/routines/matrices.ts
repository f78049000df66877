import type { DType } from '../../../dtype/dtype.ts';
import { type WgslFunction, wgslModule } from '../math/index.ts';
import { bindingsOf, gridOf, type RoutineBuffer, type RoutineLimits, type RoutineStep } from './routine.ts';

/** So many matrices that are this small have a thread each; others a workgroup. */
const MANY = 64;
const SMALL = 12;
const LARGE = 64;

/** Who works on a matrix: one thread, or those of a workgroup. */
export interface Crew {
  readonly lanes: number;
  /** A statement after which each lane sees what the others have written. */
  readonly barrier: string;
  /** A loop of `body` over `i` from `from` to `end`, shared by the lanes. */
  each(i: string, from: string, end: string, body: string): string;
  /** `body` by one lane alone. */
  alone(body: string): string;
  /** Statements that declare `name`: whether a condition holds of any lane. */
  any(name: string, condition: string): string;
}

export function crewOf(count: number, extent: number, limits: RoutineLimits): Crew {
  if (extent <= SMALL && count >= MANY) {
    return {
      lanes: 1,
      barrier: '',
      each: (i, from, end, body) => `for (var ${i} = ${from}; ${i} < ${end}; ${i}++) { ${body} }`,
      alone: (body) => body,
      any: (name, condition) => `let ${name} = ${condition};`,
    };
  }
  const lanes = Math.min(extent > LARGE ? 256 : 64, limits.maxComputeInvocationsPerWorkgroup);
  return {
    lanes,
    barrier: 'storageBarrier(); workgroupBarrier();',
    each: (i, from, end, body) => `for (var ${i} = ${from} + lane; ${i} < ${end}; ${i} += ${lanes}u) { ${body} }`,
    alone: (body) => `if (lane == 0u) { ${body} }`,
    any: (name, condition) => `lane_flags[lane] = select(0u, 1u, ${condition});
    workgroupBarrier();
    if (lane == 0u) {
      var found = 0u;
      for (var other = 0u; other < ${lanes}u; other++) { found |= lane_flags[other]; }
      common_flag = found;
    }
    let ${name} = workgroupUniformLoad(&common_flag) != 0u;`,
  };
}

interface MatrixKernel {
  readonly label: string;
  readonly limits: RoutineLimits;
  readonly crew: Crew;
  readonly count: number;
  readonly buffers: readonly RoutineBuffer[];
  readonly dtypes: readonly DType[];
  readonly functions?: readonly WgslFunction[];
  readonly declarations?: string;
  /** Statements on the matrix number `at`, whose lane is `lane`. */
  readonly body: string;
}

/** A step that works on each matrix of a stack. */
export function matrixStep(kernel: MatrixKernel): RoutineStep {
  const { label, limits, crew, count, buffers, dtypes, functions = [], declarations = '', body } = kernel;
  const isAlone = crew.lanes === 1;
  const workgroups = gridOf(isAlone ? Math.ceil(count / 64) : count, limits);
  const flags = `var<workgroup> lane_flags: array<u32, ${crew.lanes}>;
var<workgroup> common_flag: u32;`;
  const source = `${bindingsOf(dtypes)}
${wgslModule(functions)}
${isAlone ? '' : flags}
${declarations}
@compute @workgroup_size(${isAlone ? 64 : crew.lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let number = group.y * ${workgroups[0]}u + group.x;
  let at = ${isAlone ? 'number * 64u + thread' : 'number'};
  if (at >= ${count}u) { return; }
${isAlone ? '' : '  let lane = thread;'}
${body}
}`;
  return { label, buffers, source, workgroups };
}
