import { fuse } from '../../../fuse/fuse.ts';
import type { ControlPart, Schedule } from '../../../fuse/schedule.ts';
import type { Program } from '../../../program/program.ts';

/** A schedule with the schedules of its sub-programs, by the part that runs them. */
export interface Region {
  readonly schedule: Schedule;
  readonly children: ReadonlyMap<ControlPart, readonly Region[]>;
}

/** The sub-programs of a control equation: of `scan` the body, of `while` condition and body, of `cond` the branches. */
function subprogramsOf(part: ControlPart): readonly Program[] {
  const { primitive, params } = part.eqn;
  if (primitive.name === 'scan') return [params.body];
  if (primitive.name === 'while') return [params.cond, params.body];
  return params.branches;
}

/** Fuses a program and, recursively, its sub-programs. */
export function fuseRegion(program: Program): Region {
  const schedule = fuse(program);
  const children = new Map<ControlPart, readonly Region[]>();
  for (const group of schedule.groups) {
    for (const part of group.parts) {
      if (part.kind === 'control') children.set(part, subprogramsOf(part).map(fuseRegion));
    }
  }
  return { schedule, children };
}

/** A region and all below it. */
export function allRegions(region: Region): Region[] {
  return [region, ...[...region.children.values()].flat().flatMap(allRegions)];
}
