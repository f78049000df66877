import { GROUP, SMALL_GROUP, sharesAlongSum } from './plan.ts';
import type { ProductPlan, ProductStep } from './request.ts';
import { scalarOf } from './types.ts';

const place = ({ request: { m, n } }: ProductPlan): string => `
  let column = element % ${n}u;
  let row = (element / ${n}u) % ${m}u;
  let b = element / ${m * n}u;`;

const term = ({ request }: ProductPlan): string => {
  const factors = ['lhs_at(b, row, c)', 'rhs_at(b, column, c)'];
  return request.dtype === 'f32' ? `sum = fma(${factors.join(', ')}, sum);` : `sum += ${factors.join(' * ')};`;
};

/** A thread computes an element. */
export function smallSource(plan: ProductPlan, step: ProductStep): string {
  const { batch, m, n, k, dtype } = plan.request;
  return `
@compute @workgroup_size(${SMALL_GROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let element = (group.y * ${step.workgroups[0]}u + group.x) * ${SMALL_GROUP}u + thread;
  if (element >= ${batch * m * n}u) { return; }
${place(plan)}
  var sum = ${scalarOf(dtype)}();
  for (var c = 0u; c < ${k}u; c++) { ${term(plan)} }
  take(0u, b, row, column, sum);
}`;
}

/** Threads of a workgroup take turns along the sum of an element, and the first adds up what they have, in their order. */
export function rowsSource(plan: ProductPlan, step: ProductStep): string {
  const { request, slices, pieces, pieceLength } = plan;
  const { batch, m, n, k, dtype } = request;
  const elements = batch * m * n;
  const together = GROUP / slices;
  const scalar = scalarOf(dtype);
  const [slice, local] = sharesAlongSum(request)
    ? [`thread % ${slices}u`, `thread / ${slices}u`]
    : [`thread / ${together}u`, `thread % ${together}u`];
  return `
var<workgroup> sums: array<${scalar}, ${GROUP}>;
@compute @workgroup_size(${GROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let id = group.y * ${step.workgroups[0]}u + group.x;
  if (id >= ${Math.ceil(elements / together) * pieces}u) { return; }
  let piece = id % ${pieces}u;
  let slice = ${slice};
  let element = min((id / ${pieces}u) * ${together}u + ${local}, ${elements - 1}u);
  let exists = (id / ${pieces}u) * ${together}u + ${local} < ${elements}u;
${place(plan)}
  var sum = ${scalar}();
  let end = min(piece * ${pieceLength}u + ${pieceLength}u, ${k}u);
  for (var c = piece * ${pieceLength}u + slice; c < end; c += ${slices}u) { ${term(plan)} }
  sums[(${local}) * ${slices}u + slice] = sum;
  workgroupBarrier();
  if (slice == 0u && exists) {
    for (var s = 1u; s < ${slices}u; s++) { sum += sums[(${local}) * ${slices}u + s]; }
    take(piece, b, row, column, sum);
  }
}`;
}

/** Adds up the pieces of each element in their order. */
export function combineSource(plan: ProductPlan, step: ProductStep): string {
  const { batch, m, n, dtype } = plan.request;
  const elements = batch * m * n;
  return `
@compute @workgroup_size(${SMALL_GROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let element = (group.y * ${step.workgroups[0]}u + group.x) * ${SMALL_GROUP}u + thread;
  if (element >= ${elements}u) { return; }
${place(plan)}
  var sum = ${scalarOf(dtype)}();
  for (var piece = 0u; piece < ${plan.pieces}u; piece++) { sum += scratch[piece * ${elements}u + element]; }
  take(0u, b, row, column, sum);
}`;
}
