import type { Part } from '../../../kernels/form.ts';

/** The primitives that a part computes, for profiles and `explain`. */
export function labelOf(part: Part): string {
  if (part.kind !== 'rows') return part.eqn.primitive.name;
  const names: string[] = [];
  for (const stage of part.stages) {
    if (stage.kind === 'contraction') names.push('dotGeneral');
    else if (stage.kind === 'reduce') names.push(stage.operation);
    else if (stage.kind === 'update') names.push('scatter');
    else names.push('loop');
  }
  return names.join('+');
}
