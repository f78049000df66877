import type { DType } from '../../../dtype/dtype.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { EXCHANGE_ENABLED, fromPlace, PLACE_IN_SUBGROUP } from '../exchange.ts';
import { type WgslFunction, wgslCode, wgslModule, wgslNumber } from '../math/index.ts';
import {
  bindingsOf,
  gridOf,
  NOTHING,
  type RoutineLimits,
  type RoutineMaker,
  type RoutineStep,
  wordOf,
} from './routine.ts';
import { threadStep } from './threads.ts';

/** Lines at least so long are shared by the threads of a workgroup. */
const LEAST_SHARED = 512;
const GROUP = 256;

interface Combination {
  readonly text: string;
  readonly needs: readonly WgslFunction[];
}

/** The function `combine(running, x)`. */
function combinationOf(name: string, dtype: DType): Combination {
  const word = wordOf(dtype);
  const head = `fn combine(running: ${word}, x: ${word}) -> ${word}`;
  if (name === 'cumLogSumExp') {
    const codes = ['max', 'min', 'exp', 'log1p'].map((code) => wgslCode(code, [dtype], dtype));
    const [max, min, exp, log1p] = codes.map(
      (code) =>
        (...args: string[]) =>
          code?.call(args) ?? '',
    );
    const lowest = wgslNumber(Number.NEGATIVE_INFINITY, dtype);
    const text = `${head} {
  let high = ${max('running', 'x')};
  if (high == ${lowest.text}) { return high; }
  let gap = ${min('running', 'x')} - high;
  let small = ${exp('gap')};
  // Two infinities have no gap.
  return high + select(${log1p('small')}, ${Math.LN2}f, running == x);
}`;
    return { text, needs: [...codes.flatMap((code) => code?.needs ?? []), ...lowest.needs] };
  }
  const code = wgslCode(
    { cumSum: 'add', cumProd: 'mul', cumMax: 'max', cumMin: 'min' }[name] ?? name,
    [dtype, dtype],
    dtype,
  );
  return { text: `${head} { return ${code?.call(['running', 'x'])}; }`, needs: code?.needs ?? [] };
}

/** Running operations along an axis: a thread a line, or the threads of a workgroup a stretch each of a long line. */
export const cumulative: RoutineMaker = (eqn, limits) => {
  const [x] = eqn.inputs;
  const { axis, reverse } = eqn.params as { axis: number; reverse: boolean };
  const size = sizeOf(x.shape);
  if (size === 0) return NOTHING;
  const { dtype } = x;
  const extent = x.shape[axis];
  const step = sizeOf(x.shape.slice(axis + 1));
  const lines = size / extent;
  const { text, needs } = combinationOf(eqn.primitive.name, dtype);
  const place = `
  let start = (line / ${step}u) * ${step * extent}u + line % ${step}u;`;
  const at = (i: string): string => `start + ${reverse ? `(${extent - 1}u - (${i}))` : `(${i})`} * ${step}u`;
  const label = eqn.primitive.name;
  if (extent < LEAST_SHARED) {
    const body = `${place.replaceAll('line', 'at')}
  var running = b0[${at('0u')}];
  b1[${at('0u')}] = running;
  for (var i = 1u; i < ${extent}u; i++) {
    running = combine(running, b0[${at('i')}]);
    b1[${at('i')}] = running;
  }`;
    const kernel = { label, limits, buffers: [{ operand: 0 }, { result: 0 }], dtypes: [dtype, dtype] };
    return {
      scratch: [],
      steps: [threadStep({ ...kernel, functions: needs, declarations: text, threads: lines, body })],
    };
  }
  return { scratch: [], steps: [sharedStep(label, limits, dtype, lines, extent, needs, text, place, at)] };
};

function sharedStep(
  label: string,
  limits: RoutineLimits,
  dtype: DType,
  lines: number,
  extent: number,
  needs: readonly WgslFunction[],
  text: string,
  place: string,
  at: (i: string) => string,
): RoutineStep {
  const workgroups = gridOf(lines, limits);
  const threads = Math.min(GROUP, limits.maxComputeInvocationsPerWorkgroup);
  const stretch = Math.ceil(extent / threads);
  const { exchanging = 1 } = limits;
  const word = wordOf(dtype);
  const source = `${exchanging > 1 ? EXCHANGE_ENABLED : ''}
${bindingsOf([dtype, dtype])}
${wgslModule(needs)}
${text}
var<workgroup> totals: array<${word}, ${threads}>;
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
  ${exchanging > 1 ? `${PLACE_IN_SUBGROUP} place: u32,` : ''}
) {
  let line = group.y * ${workgroups[0]}u + group.x;
  if (line >= ${lines}u) { return; }${place}
  let first = thread * ${stretch}u;
  let end = min(first + ${stretch}u, ${extent}u);
  var total = b0[${at(`min(first, ${extent - 1}u)`)}];
  for (var i = first + 1u; i < end; i++) { total = combine(total, b0[${at('i')}]); }
${runningTotals(threads, exchanging, word)}
  if (first < end) {
    var running = b0[${at('first')}];
    if (thread > 0u) { running = combine(totals[thread - 1u], running); }
    b1[${at('first')}] = running;
    for (var i = first + 1u; i < end; i++) {
      running = combine(running, b0[${at('i')}]);
      b1[${at('i')}] = running;
    }
  }
}`;
  return { label, buffers: [{ operand: 0 }, { result: 0 }], source, workgroups };
}

/**
 * Statements after which `totals` holds for every thread what the threads up to it have in `total`: blocks double, and the right
 * half of each takes what the last of the left half has (Sklansky, Conditional-sum addition logic, 1960). Small blocks
 * need no memory where lanes exchange registers.
 */
function runningTotals(threads: number, exchanging: number, word: string): string {
  const near = Math.min(exchanging, threads);
  const last = (of: string): string => `(${of} & ~(half - 1u)) - 1u`;
  const exchanges = `for (var half = 1u; half < ${near}u; half *= 2u) {
    let right = (thread & half) != 0u;
    let left = bitcast<${word}>(${fromPlace('bitcast<u32>(total)', `select(place, ${last('place')}, right)`)});
    if (right) { total = combine(left, total); }
  }`;
  return `  ${near > 1 ? exchanges : ''}
  totals[thread] = total;
  for (var half = ${near}u; half < ${threads}u; half *= 2u) {
    workgroupBarrier();
    if ((thread & half) != 0u) { totals[thread] = combine(totals[${last('thread')}], totals[thread]); }
  }
  workgroupBarrier();`;
}
