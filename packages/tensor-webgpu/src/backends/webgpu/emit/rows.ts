import type { LoopStage, ReduceStage, RowPart } from '../../../kernels/form.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { LANES_ALONG, type Shares, sharesFor } from './gathering.ts';
import { type Body, type Kernel, WORKGROUP } from './kernel.ts';
import { busyLoops, loopElement } from './loops.ts';
import { reduceRange, takesAlong, termsOf } from './reduce.ts';
import { u32 } from './wgsl-types.ts';

/** Elements that a workgroup takes of a row part's widest stage, so that every lane has work. */
const ELEMENTS_AT_ONCE = 4 * WORKGROUP;

/**
 * Stages that follow each other on blocks of rows: a workgroup takes a block through all of them, and waits for its lanes
 * and their writes in between. A reduction of what the loops before it make is one pass with them.
 */
export function rowsBody(kernel: Kernel, part: RowPart): Body {
  const { rows, stages } = part;
  const widest = Math.max(1, ...stages.map((stage) => ('space' in stage ? sizeOf(stage.space) / rows : 1)));
  const block = Math.min(rows, Math.max(1, Math.floor(ELEMENTS_AT_ONCE / widest)));
  const lines = [`let first = block * ${u32(block)};`, `let end = min(first + ${u32(block)}, ${u32(rows)});`];
  const reduced = (stage: ReduceStage, shares: Shares, before?: LoopStage): string => {
    const each = u32(sizeOf(stage.space.slice(0, stage.kept)) / rows);
    return reduceRange(kernel, stage, shares, `first * ${each}`, `end * ${each}`, before);
  };
  const sharesOf = (stage: ReduceStage): Shares => {
    const each = sizeOf(stage.space.slice(0, stage.kept)) / rows;
    // Lanes beyond the results of a block would idle.
    return sharesFor(1, Math.max(termsOf(stage), 1) * (each * block >= WORKGROUP ? 0 : 1), true);
  };
  for (let i = 0; i < stages.length; i++) {
    const stage = stages[i];
    if (stage.kind === 'loops') {
      const busy = busyLoops(stage, kernel.region);
      if (!busy) continue;
      const next = stages[i + 1];
      const shares = next?.kind === 'reduce' ? sharesOf(next) : null;
      if (next?.kind === 'reduce' && shares && shares.perResult >= LANES_ALONG && takesAlong(next, busy)) {
        lines.push(reduced(next, shares, busy));
        i++;
      } else {
        const each = u32(sizeOf(stage.space) / rows);
        const element = kernel.name('e');
        lines.push(
          `for (var ${element} = first * ${each} + lane; ${element} < end * ${each}; ${element} += ${u32(WORKGROUP)}) {`,
          loopElement(kernel, busy, element),
          '}',
        );
      }
    } else if (stage.kind === 'reduce') lines.push(reduced(stage, sharesOf(stage)));
    else throw new Error(`emit: a part of several stages holds a ${stage.kind}.`);
    lines.push('storageBarrier();');
  }
  return { workgroups: Math.ceil(rows / block), text: lines.join('\n') };
}
