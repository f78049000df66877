import type { DType } from '../../../dtype/dtype.ts';
import { type WgslFunction, wgslModule } from '../math/index.ts';
import { bindingsOf, gridOf, type RoutineBuffer, type RoutineLimits, type RoutineStep } from './routine.ts';

const GROUP = 64;

interface ThreadKernel {
  readonly label: string;
  readonly limits: RoutineLimits;
  readonly buffers: readonly RoutineBuffer[];
  readonly dtypes: readonly DType[];
  readonly functions?: readonly WgslFunction[];
  /** Declarations beside the entry point. */
  readonly declarations?: string;
  readonly threads: number;
  /** Statements of a thread, whose number is `at`. */
  readonly body: string;
}

/** A step of threads that have nothing to do with each other. */
export function threadStep(kernel: ThreadKernel): RoutineStep {
  const { label, limits, buffers, dtypes, functions = [], declarations = '', threads, body } = kernel;
  const workgroups = gridOf(Math.ceil(threads / GROUP), limits);
  const source = `${bindingsOf(dtypes)}
${wgslModule(functions)}
${declarations}
@compute @workgroup_size(${GROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = (group.y * ${workgroups[0]}u + group.x) * ${GROUP}u + thread;
  if (at >= ${threads}u) { return; }
${body}
}`;
  return { label, buffers, source, workgroups };
}
