import type { ControlPart, Schedule } from '../kernels/form.ts';
import { Literal, type Var } from '../program/aval.ts';
import { sameShape } from '../shape/shape.ts';
import { aligned } from './arena.ts';
import type { ControlPlan, MemoryPlan, PlanInProgress } from './memory.ts';

/**
 * Plans the regions of a control part. A carried value that the body can overwrite in place needs no second buffer; a
 * branch overwrites an operand that nothing reads afterwards.
 */
export function planControl(planner: PlanInProgress, part: ControlPart, group: number): ControlPlan {
  const { control, regions, operands } = part;
  const { outputs } = part.eqn;
  let plans: readonly MemoryPlan[];
  let seconds: readonly boolean[] = [];
  const once = (operand: Var | null): operand is Var =>
    operand !== null && operands.indexOf(operand) === operands.lastIndexOf(operand);
  const ends = (operand: Var | null, made: Var): operand is Var =>
    once(operand) &&
    operand.dtype === made.dtype &&
    planner.endsIn(operand, part, group) &&
    planner.fits(operand, made);

  if (control.kind === 'branches') {
    const taken = new Set<number>();
    const partners = outputs.map((made) => {
      const at = operands.findIndex(
        (operand, i) => i > 0 && !taken.has(i) && ends(operand, made) && sameShape(operand.shape, made.shape),
      );
      if (at > 0) taken.add(at);
      return at - 1;
    });
    const settled = settle(planner, regions, partners);
    plans = settled.plans;
    outputs.forEach((made, i) => {
      const operand = settled.partners[i] < 0 ? null : operands[settled.partners[i] + 1];
      planner.make(made, operand);
    });
  } else {
    const scan = control.kind === 'scan';
    const constants = scan ? control.constants : control.bodyConstants;
    const carries = scan ? control.carries : outputs.length;
    const body = regions[regions.length - 1];
    const settled = settle(
      planner,
      [body],
      outputs.map((_, i) => (i < carries ? constants + i : -1)),
    );
    plans = scan ? settled.plans : [planner.planRegion(regions[0], []), ...settled.plans];
    seconds = outputs.slice(0, carries).map((_, i) => settled.partners[i] < 0);
    const first = scan ? constants : control.conditionConstants + constants;
    outputs.forEach((made, i) => {
      const operand = i < carries && !seconds[i] ? operands[first + i] : null;
      planner.make(made, ends(operand, made) ? operand : null);
    });
  }

  const { alignment } = planner.target;
  let bytes = aligned(Math.max(0, ...plans.map((plan) => plan.arenaBytes)), alignment);
  const take = (size: number): number => {
    const offset = bytes;
    bytes += aligned(size, alignment);
    return offset;
  };
  const taken = {
    seconds: seconds.map((needed, i) => (needed ? take(planner.bytesOf(outputs[i])) : null)),
    literals: new Map(part.eqn.inputs.flatMap((atom, i) => (atom instanceof Literal ? [[i, take(8)]] : []))),
    flag: take(4),
  };
  return { regions: plans, offset: 0, bytes, ...taken };
}

/** Plans regions such that all of them overwrite the same inputs: `partners` with -1 where not every region can. */
function settle(
  planner: PlanInProgress,
  regions: readonly Schedule[],
  wanted: readonly number[],
): { plans: readonly MemoryPlan[]; partners: readonly number[] } {
  for (let partners = wanted; ; ) {
    const donate = regions[0].inputs.map((_, i) => partners.includes(i));
    const plans = regions.map((region) => planner.planRegion(region, donate, partners));
    const reached = partners.map((input, i) => (plans.every((plan) => plan.reuse[i] === input) ? input : -1));
    if (reached.every((input, i) => input === partners[i])) return { plans, partners };
    partners = reached;
  }
}
