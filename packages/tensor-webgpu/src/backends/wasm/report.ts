import { bytesPerElement } from '../../dtype/dtype.ts';
import { costOf } from '../../fuse/cost.ts';
import { type Expression, visit } from '../../fuse/expression.ts';
import type { Part, Schedule } from '../../fuse/schedule.ts';
import { valuesOf } from '../../fuse/stages.ts';
import { readsOf } from '../../fuse/unused.ts';
import { writesOf } from '../../plan/plan.ts';
import type { Var } from '../../program/program.ts';
import type { KernelReport } from '../../runtime/device.ts';
import { sizeOf } from '../../shape/shape.ts';

/** The kernels of a schedule: the parts of one group that only run loops and small reductions count as one. */
export function kernelReports(schedule: Schedule): KernelReport[] {
  return schedule.groups.flatMap((group) => {
    const loops = group.parts.filter(onlyLoops);
    const others = group.parts.filter((part) => !loops.includes(part));
    return [...others.map((part) => reportOf([part])), ...(loops.length > 0 ? [reportOf(loops)] : [])];
  });
}

const onlyLoops = (part: Part): boolean =>
  part.kind === 'rows' && part.stages.every((stage) => stage.kind !== 'contraction');

function reportOf(parts: readonly Part[]): KernelReport {
  const names: string[] = [];
  let flops = 0;
  const touched = new Set<Var>();
  for (const part of parts) {
    for (const variable of [...readsOf(part), ...writesOf(part)]) touched.add(variable);
    if (part.kind !== 'rows') {
      names.push(part.eqn.primitive.name);
      continue;
    }
    for (const stage of part.stages) {
      if (stage.kind === 'contraction') {
        names.push('dotGeneral');
        flops += 2 * stage.batch * stage.m * stage.n * stage.k;
        continue;
      }
      const steps = sizeOf(stage.space);
      flops += steps * operations(valuesOf(stage), names);
      if (stage.kind === 'reduce') {
        names.push(stage.operation);
        flops += steps;
      } else if (stage.kind === 'update') names.push(`scatter ${stage.mode}`);
    }
  }
  let bytes = 0;
  for (const variable of touched) bytes += sizeOf(variable.shape) * bytesPerElement(variable.dtype);
  const kind = parts.some((part) => part.kind !== 'rows') ? 'call' : parts.every(onlyLoops) ? 'loops' : 'rows';
  return { kind, label: names.length > 0 ? names.join(' ') : 'copy', flops: Math.round(flops), bytes };
}

/** Operations of one element; adds the primitives' names. */
function operations(values: readonly Expression[], names: string[]): number {
  let total = 0;
  visit(values, (node) => {
    if (node.kind !== 'apply') return;
    names.push(node.eqn.primitive.name);
    total += costOf(node.eqn);
  });
  return total;
}
