import type { Aval, Var } from '../program/aval.ts';
import { sizeOf } from '../shape/shape.ts';
import { valuesOf } from './access.ts';
import { costOf } from './cost.ts';
import { type Expression, visit } from './expression.ts';
import type { Part, Schedule } from './form.ts';
import type { Target } from './target.ts';

/** A kernel for people: what it computes and how much. */
export interface KernelReport {
  readonly kind: string;
  readonly label: string;
  readonly flops: number;
  readonly bytes: number;
}

/** The kernels of a schedule: the parts of one group that only run loops and small reductions count as one. */
export function kernelReports(schedule: Schedule, target: Target): KernelReport[] {
  return schedule.groups.flatMap((group) => {
    const loops = group.parts.filter(onlyLoops);
    const others = group.parts.filter((part) => !onlyLoops(part));
    return [...others.map((part) => reportOf([part], target)), ...(loops.length > 0 ? [reportOf(loops, target)] : [])];
  });
}

const onlyLoops = (part: Part): boolean =>
  part.kind === 'rows' && part.stages.every((stage) => stage.kind !== 'contraction');

function reportOf(parts: readonly Part[], target: Target): KernelReport {
  const names: string[] = [];
  let flops = 0;
  const touched = new Set<Var>();
  for (const part of parts) {
    for (const variable of [...part.reads, ...part.writes]) touched.add(variable);
    if (part.kind !== 'rows') {
      names.push(part.eqn.primitive.name);
      continue;
    }
    for (const stage of part.stages) {
      if (stage.kind === 'contraction') {
        names.push('dotGeneral');
        flops += 2 * stage.batch * stage.m * stage.n * stage.k;
        flops +=
          stage.batch * stage.m * stage.n * operations(stage.epilogue ? valuesOf(stage.epilogue) : [], names, target);
        for (const operand of [stage.lhs, stage.rhs])
          if (operand.kind === 'computed') flops += sizeOf(operand.space) * operations([operand.value], names, target);
        continue;
      }
      const steps = sizeOf(stage.space);
      flops += steps * operations(valuesOf(stage), names, target);
      if (stage.kind === 'reduce') {
        names.push(stage.operation);
        flops += steps;
      } else if (stage.kind === 'update') names.push(`scatter ${stage.mode}`);
    }
  }
  const bytesOf = ({ shape, dtype }: Aval): number => sizeOf(shape) * target.bytesPerElement(dtype);
  let bytes = 0;
  for (const variable of touched) bytes += bytesOf(variable);
  const kind = parts.some((part) => part.kind !== 'rows') ? 'call' : parts.every(onlyLoops) ? 'loops' : 'rows';
  return { kind, label: names.length > 0 ? names.join(' ') : 'copy', flops: Math.round(flops), bytes };
}

/** Operations of one element; adds the primitives' names. */
function operations(values: readonly Expression[], names: string[], target: Target): number {
  let total = 0;
  visit(values, (node) => {
    if (node.kind !== 'apply') return;
    names.push(node.eqn.primitive.name);
    total += costOf(node.eqn.primitive, target);
  });
  return total;
}
