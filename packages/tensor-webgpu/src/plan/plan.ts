import { bytesPerElement } from '../dtype/dtype.ts';
import type { Part, RowPart, Schedule } from '../fuse/schedule.ts';
import { madeBy } from '../fuse/stages.ts';
import { readsOf } from '../fuse/unused.ts';
import type { Var } from '../program/program.ts';
import { sizeOf } from '../shape/shape.ts';
import { type Block, packArena } from './arena.ts';
import { mayOverwrite } from './in-place.ts';

/** Memory that a kernel needs beside its variables, while one group runs. */
export interface ScratchRequest {
  readonly bytes: number;
  readonly group: number;
}

export interface MemoryPlan {
  /** Offset in the arena of every temporary variable. */
  readonly offsets: ReadonlyMap<Var, number>;
  /** Offsets of the scratch requests, in order. */
  readonly scratch: readonly number[];
  readonly arenaBytes: number;
  /** For each output the donated input whose memory it takes over, or -1. */
  readonly reuse: readonly number[];
}

const bytesOf = (variable: Var): number => sizeOf(variable.shape) * bytesPerElement(variable.dtype);

/** The variables that a part writes. */
export function writesOf(part: Part): readonly Var[] {
  if (part.kind !== 'rows') return part.eqn.outputs;
  return part.stages.flatMap(madeBy);
}

interface Life {
  readonly variable: Var;
  made: number;
  makers: Set<Part>;
  lastRead: number;
  lastReaders: Set<Part>;
}

/**
 * Static memory plan of a schedule: when each variable lives, which variables share memory because one overwrites the
 * other in place, and where the temporaries lie in the arena. Inputs and outputs have memory of their own; an output may
 * take over a donated input of the same size.
 */
export function planMemory(
  schedule: Schedule,
  donate: readonly boolean[],
  requests: readonly ScratchRequest[],
): MemoryPlan {
  const lives = livesOf(schedule);
  const outputs = new Set(schedule.outputs);
  const inputs = new Set(schedule.inputs);
  const sameBytes = (a: Var, b: Var): boolean =>
    bytesOf(a) === bytesOf(b) && bytesPerElement(a.dtype) === bytesPerElement(b.dtype);

  /** Whether `made` may lie where `old` lies: `old` is dead by then, or is overwritten in place. */
  const follows = (old: Life, made: Life): boolean => {
    if (old.lastRead < made.made) return true;
    if (old.lastRead > made.made || made.makers.size !== 1 || old.lastReaders.size !== 1) return false;
    const [part] = made.makers;
    const [reader] = old.lastReaders;
    return part === reader && part.kind === 'rows' && mayOverwrite(part as RowPart, old.variable, made.variable);
  };

  const reuse = schedule.outputs.map(() => -1);
  const taken = new Set<number>();
  schedule.outputs.forEach((output, i) => {
    const made = lives.get(output) as Life;
    for (let k = 0; k < schedule.inputs.length; k++) {
      const input = schedule.inputs[k];
      if (!donate[k] || taken.has(k) || !sameBytes(input, output) || output.dtype !== input.dtype) continue;
      if (!follows(lives.get(input) as Life, made) || made.makers.size !== 1) continue;
      taken.add(k);
      reuse[i] = k;
      return;
    }
  });

  // Temporaries that overwrite each other in place share one block.
  const blocks = new Map<Var, Block>();
  const holders = new Map<Block, Life>();
  for (const made of lives.values()) {
    const { variable } = made;
    if (outputs.has(variable) || inputs.has(variable)) continue;
    let shared: Block | undefined;
    for (const [block, old] of holders) {
      if (old.lastRead === made.made && sameBytes(old.variable, variable) && follows(old, made)) {
        shared = block;
        break;
      }
    }
    const block = shared ?? { bytes: bytesOf(variable), from: made.made, to: made.lastRead, offset: 0 };
    block.to = Math.max(block.to, made.lastRead, made.made);
    blocks.set(variable, block);
    holders.set(block, made);
  }
  const scratch = requests.map(({ bytes, group }): Block => ({ bytes, from: group, to: group, offset: 0 }));
  const arenaBytes = packArena([...new Set(blocks.values()), ...scratch]);
  return {
    offsets: new Map([...blocks].map(([variable, block]) => [variable, block.offset])),
    scratch: scratch.map((block) => block.offset),
    arenaBytes,
    reuse,
  };
}

/** Lives in the order in which the variables are made. */
function livesOf(schedule: Schedule): Map<Var, Life> {
  const lives = new Map<Var, Life>();
  const life = (variable: Var): Life => {
    let known = lives.get(variable);
    if (!known) {
      known = { variable, made: -1, makers: new Set(), lastRead: -1, lastReaders: new Set() };
      lives.set(variable, known);
    }
    return known;
  };
  for (const variable of schedule.inputs) life(variable);
  schedule.groups.forEach((group, at) => {
    for (const part of group.parts) {
      for (const variable of writesOf(part)) {
        const its = life(variable);
        if (its.made < 0) its.made = at;
        its.makers.add(part);
      }
    }
    for (const part of group.parts) {
      for (const variable of readsOf(part)) {
        const its = life(variable);
        if (its.lastRead !== at) its.lastReaders.clear();
        its.lastRead = at;
        its.lastReaders.add(part);
      }
    }
  });
  return lives;
}
