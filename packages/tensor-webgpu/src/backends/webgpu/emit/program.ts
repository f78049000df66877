import type { CallPart, ControlPart, Part, Schedule, Stage } from '../../../kernels/form.ts';
import type { Target } from '../../../kernels/target.ts';
import { aligned } from '../../../plan/arena.ts';
import type { ControlPlan, MemoryPlan } from '../../../plan/memory.ts';
import { planMemory } from '../../../plan/plan.ts';
import type { Aval, Literal, Var } from '../../../program/aval.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { type ProductThresholds, THRESHOLDS } from '../products/index.ts';
import { type Routine, routineFor } from '../routines/index.ts';
import type { Limits } from '../target.ts';
import { type Draft, dispatchesOf } from './draft.ts';
import type { Node } from './nodes.ts';
import { type Choices, copyDraft, draftsOf, numberDraft, scratchOf, scratchSpot } from './parts.ts';
import type { Region } from './region.ts';
import { ARENA, bindingKey, type Spot, sliceSpot, spotOf, wholeSpot } from './spot.ts';

export interface EmittedProgram {
  readonly plan: MemoryPlan;
  readonly nodes: readonly Node[];
}

export interface EmitOptions {
  readonly target: Target;
  readonly limits: Limits;
  /** By what products are computed (default: `THRESHOLDS`). */
  readonly products?: ProductThresholds;
}

/** The dispatches of a schedule, in order, and where everything lies. */
export function emitProgram(
  schedule: Schedule,
  donate: readonly boolean[],
  { target, limits, products = THRESHOLDS }: EmitOptions,
): EmittedProgram {
  const routines = new Map<CallPart, Routine>();
  const moved = new Set<Var>();
  const movable = new Set<Var>();
  noteMoved(schedule, moved, movable);
  const routineOf = (part: CallPart): Routine => {
    let routine = routines.get(part);
    if (!routine) {
      routine = routineFor(part.eqn, limits) ?? undefined;
      if (!routine) throw new Error(`emit: ${part.eqn.primitive.name} has no routine.`);
      routines.set(part, routine);
    }
    return routine;
  };
  const bytesOf = ({ shape, dtype }: Aval): number => sizeOf(shape) * target.bytesPerElement(dtype);
  const plan = planMemory(schedule, {
    target,
    donate: schedule.inputs.map((_, i) => donate[i] ?? false),
    scratch: (work, part) => {
      if (work.kind !== 'call')
        return scratchOf(work, part.kind === 'rows' && part.stages.length === 1, { limits, products });
      const copies = copiedFor(work, movable).map(bytesOf);
      return [...routineOf(work).scratch, ...copies].reduce((sum, bytes) => sum + aligned(bytes, target.alignment), 0);
    },
  });
  const shared: Shared = { target, limits, products, bytesOf, routineOf, moved };
  const inputs = schedule.inputs.map((variable, i) => wholeSpot(1 + i, 0, bytesOf(variable)));
  const outputs = schedule.outputs.map((variable, i) => wholeSpot(1 + inputs.length + i, 0, bytesOf(variable)));
  return { plan, nodes: new Emitter(shared, schedule, plan, inputs, outputs, 0, []).nodes() };
}

/**
 * Variables that cannot be bound by themselves: those that lie inside others, at a place that a loop moves; and all of a call
 * that may come to lie there, in the memory of what is computed from them.
 */
function noteMoved(schedule: Schedule, moved: Set<Var>, movable: Set<Var>): void {
  for (const { parts } of schedule.groups) {
    for (const part of parts) {
      if (part.kind !== 'control') continue;
      const { control, regions } = part;
      if (control.kind !== 'scan') continue;
      const [body] = regions;
      // Two of them may be one place, or begin between two bindings.
      for (const variable of body.inputs) moved.add(variable);
      for (const variable of body.outputs.slice(control.carries)) moved.add(variable);
      for (const inner of body.groups.flatMap((group) => group.parts)) {
        if (inner.kind !== 'call') continue;
        for (const variable of [...inner.operands, ...inner.writes]) if (variable) movable.add(variable);
      }
      noteMoved(body, moved, movable);
    }
  }
}

/** Operands and results of a call that need a copy where their first element can be bound. */
const copiedFor = (part: CallPart, moved: { has(variable: Var): boolean }): Aval[] => [
  ...part.eqn.inputs.filter((_, i) => needsCopy(part, i, moved)),
  ...part.eqn.outputs.filter((variable) => moved.has(variable)),
];

function needsCopy({ operands }: CallPart, i: number, moved: { has(variable: Var): boolean }): boolean {
  const operand = operands[i];
  return operand === null || moved.has(operand) || operands.indexOf(operand) < i;
}

/** Operations of a routine for each byte, roughly. */
const ROUTINE_FLOPS = 16;

interface Shared extends Choices {
  readonly target: Target;
  readonly bytesOf: (aval: Aval) => number;
  readonly routineOf: (part: CallPart) => Routine;
  readonly moved: ReadonlySet<Var>;
}

class Emitter {
  private readonly shared: Shared;
  private readonly schedule: Schedule;
  private readonly plan: MemoryPlan;
  /** Where the arena of this schedule begins in that of the program. */
  private readonly arena: number;
  private readonly region: Region;

  constructor(
    shared: Shared,
    schedule: Schedule,
    plan: MemoryPlan,
    inputs: readonly Spot[],
    outputs: readonly Spot[],
    arena: number,
    loops: readonly number[],
  ) {
    this.shared = shared;
    this.schedule = schedule;
    this.plan = plan;
    this.arena = arena;
    const spots = new Map<Var, Spot>();
    for (const [variable, place] of plan.places)
      spots.set(variable, spotOf(place, shared.bytesOf(variable), inputs, outputs, arena));
    this.region = { spots, loops, exchanging: shared.limits.exchanging };
  }

  /** Which variables cannot be bound by themselves. */
  private readonly moved = {
    has: (variable: Var): boolean => {
      const { first, turnings } = this.region.spots.get(variable) as Spot;
      return first !== 0 || turnings.length > 0 || this.shared.moved.has(variable);
    },
  };

  nodes(): Node[] {
    return this.schedule.groups.flatMap(({ parts }) => this.group(parts));
  }

  private dispatches(drafts: readonly Draft[]): Node[] {
    return dispatchesOf(this.region, drafts, this.shared.target.bindings);
  }

  private group(parts: readonly Part[]): Node[] {
    const all: Draft[][][] = [];
    const nodes: Node[] = [];
    for (const part of parts) {
      if (part.kind !== 'rows') continue;
      all.push(draftsOf(this.region, part, this.shared, (stage) => this.scratch(stage)));
    }
    const count = Math.max(0, ...all.map((phases) => phases.length));
    const phases = Array.from({ length: count }, (): Draft[] => []);
    for (const drafts of all) {
      // What runs at once waits for the end of what does not, to share its dispatch.
      const alone = drafts.length === 1 && drafts[0].every((draft) => 'body' in draft);
      drafts.forEach((each, i) => {
        phases[alone ? count - 1 : i].push(...each);
      });
    }
    for (const drafts of phases) nodes.push(...this.dispatches(drafts));
    for (const part of parts) {
      if (part.kind === 'call') nodes.push(...this.call(part));
      else if (part.kind === 'control') nodes.push(...this.control(part));
    }
    return nodes;
  }

  private scratch(stage: Stage): Spot {
    return scratchSpot(this.arena + (this.plan.scratch.get(stage) as number), scratchOf(stage, true, this.shared));
  }

  private call(part: CallPart): Node[] {
    const { shared, region } = this;
    const { eqn, operands } = part;
    const routine = shared.routineOf(part);
    let at = this.arena + (this.plan.scratch.get(part) ?? 0);
    const take = (bytes: number): Spot => {
      const spot = wholeSpot(ARENA, at, bytes);
      at += aligned(bytes, shared.target.alignment);
      return spot;
    };
    const scratch = routine.scratch.map(take);
    const before: Draft[] = [];
    const after: Draft[] = [];
    const given = eqn.inputs.map((atom, i): Spot => {
      const operand = operands[i];
      if (operand && !needsCopy(part, i, this.moved)) return region.spots.get(operand) as Spot;
      const spot = take(shared.bytesOf(atom));
      if (operand) before.push(copyDraft(region.spots.get(operand) as Spot, spot, sizeOf(atom.shape)));
      else before.push(numberDraft(spot, (atom as Literal).value, atom.dtype));
      return spot;
    });
    const made = eqn.outputs.map((variable): Spot => {
      const own = region.spots.get(variable) as Spot;
      if (!this.moved.has(variable)) return own;
      const spot = take(shared.bytesOf(variable));
      after.push(copyDraft(spot, own, sizeOf(variable.shape)));
      return spot;
    });
    const steps = routine.steps.map(({ label, buffers, source, workgroups }): Node => {
      const spots = buffers.map((buffer) =>
        'operand' in buffer
          ? given[buffer.operand]
          : 'result' in buffer
            ? made[buffer.result]
            : scratch[buffer.scratch],
      );
      const bytes = spots.reduce((sum, spot) => sum + spot.bytes, 0);
      // How much a routine computes of each number is its own affair; some go over them many times.
      return {
        kind: 'dispatch',
        label,
        source,
        spots,
        turns: [],
        counters: 0,
        workgroups,
        flops: ROUTINE_FLOPS * bytes,
        bytes,
      };
    });
    return [...this.dispatches(before), ...steps, ...this.dispatches(after)];
  }

  private control(part: ControlPart): Node[] {
    const { control, eqn, regions, operands } = part;
    if (control.kind !== 'scan') throw new Error(`emit: the host runs ${eqn.primitive.name}.`);
    const { shared, region } = this;
    const plan = this.plan.controls.get(part) as ControlPlan;
    const area = this.arena + plan.offset;
    const { constants, carries, length, reverse } = control;
    const results = eqn.outputs.map((variable) => region.spots.get(variable) as Spot);
    const before: Draft[] = [];
    const given = eqn.inputs.map((atom, i): Spot => {
      const operand = operands[i];
      if (operand) return region.spots.get(operand) as Spot;
      const spot = wholeSpot(ARENA, area + (plan.literals.get(i) as number), 4);
      before.push(numberDraft(spot, (atom as Literal).value, atom.dtype));
      return spot;
    });
    const seconds = plan.seconds.map((offset, i) =>
      offset === null ? null : wholeSpot(ARENA, area + offset, shared.bytesOf(eqn.outputs[i])),
    );
    // Targets alternate so that the last turn writes the result.
    const target = (turn: number, i: number): Spot =>
      (length - 1 - turn) % 2 === 0 ? results[i] : (seconds[i] ?? results[i]);
    const source = (turn: number, i: number): Spot => target(turn - 1, i);
    const copies: Draft[] = [];
    for (let i = 0; i < carries; i++) {
      const from = given[constants + i];
      const to = length === 0 ? results[i] : source(0, i);
      if (!sameSpot(from, to)) copies.push(copyDraft(from, to, sizeOf(eqn.outputs[i].shape)));
    }
    const started = [...this.dispatches(before), ...this.dispatches(copies)];
    if (length === 0) return started;
    const loop = region.loops.length;
    const slice = (spot: Spot, aval: Aval): Spot => sliceSpot(spot, loop, sizeOf(aval.shape) / length, length, reverse);
    const turn = (parity: number): Node[] => {
      const first = constants + carries;
      const inputs = given.map((spot, i) => {
        if (i < constants) return spot;
        return i < first ? source(parity, i - constants) : slice(spot, eqn.inputs[i]);
      });
      const outputs = results.map((spot, i) => (i < carries ? target(parity, i) : slice(spot, eqn.outputs[i])));
      const loops = [...region.loops, length];
      return new Emitter(shared, regions[0], plan.regions[0], inputs, outputs, area, loops).nodes();
    };
    const even = turn(0);
    const odd = length > 1 && seconds.some((second) => second !== null) ? turn(1) : even;
    return [...started, { kind: 'loop', loop, length, even, odd }];
  }
}

const sameSpot = (a: Spot, b: Spot): boolean =>
  bindingKey(a) === bindingKey(b) && a.first === b.first && a.turnings.length === 0 && b.turnings.length === 0;
