import { isInteger } from '../../dtype/dtype.ts';
import type {
  ContractionOperand,
  ContractionStage,
  ControlPart,
  LoopStage,
  Part,
  ReduceStage,
  RowPart,
  Schedule,
  Stage,
  UpdateStage,
} from '../../kernels/form.ts';
import type { Target } from '../../kernels/target.ts';
import type { ControlPlan, MemoryPlan } from '../../plan/memory.ts';
import { Literal } from '../../program/aval.ts';
import { type RefArray, refScalar } from '../../program/refArray.ts';
import { rowMajorStrides, sizeOf } from '../../shape/shape.ts';
import { Elements, held, indicesOf, placeAt } from './elements.ts';
import { arenaOf, copied, Frame, own, type View } from './memory.ts';

/**
 * Runs kernels as their form says, in float64 and in the memory of a plan: what a backend may rely on and no more. Parts
 * of a group come in any order, and so do the blocks that a part is cut in.
 */
export class Interpreter {
  private readonly target: Target;
  private readonly below: (bound: number) => number;

  /** `below` draws a whole number from 0 up to a bound. */
  constructor(target: Target, below: (bound: number) => number) {
    this.target = target;
    this.below = below;
  }

  run(schedule: Schedule, plan: MemoryPlan, inputs: readonly RefArray[]): RefArray[] {
    const given = inputs.map(({ data }): View => ({ data: Float64Array.from(data), at: 0, step: 1 }));
    const made = schedule.outputs.map((variable) => own(sizeOf(variable.shape)));
    const frame = this.frame(plan, arenaOf(plan.arenaBytes), given, made);
    this.schedule(schedule, plan, frame);
    return schedule.outputs.map((variable) => frame.read(variable));
  }

  private frame(plan: MemoryPlan, arena: View, inputs: readonly View[], outputs: readonly View[]): Frame {
    return new Frame(plan, arena, inputs, outputs, this.target.bytesPerElement);
  }

  private schedule({ groups }: Schedule, plan: MemoryPlan, frame: Frame): void {
    for (const { parts } of groups) for (const part of this.shuffled(parts)) this.part(part, plan, frame);
  }

  private shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0]);
  }

  private part(part: Part, plan: MemoryPlan, frame: Frame): void {
    if (part.kind === 'rows') this.rows(part, frame);
    else if (part.kind === 'control') this.control(part, plan.controls.get(part) as ControlPlan, frame);
    else {
      const { eqn, operands } = part;
      const given = eqn.inputs.map((atom, i) => {
        if (atom instanceof Literal) return refScalar(atom.value, atom.dtype);
        return { ...frame.read(operands[i] as NonNullable<(typeof operands)[0]>), shape: atom.shape };
      });
      eqn.primitive.evaluate(given, eqn.params, eqn.outputs).forEach((array, i) => {
        frame.write(eqn.outputs[i], array);
      });
    }
  }

  private rows({ rows, stages }: RowPart, frame: Frame): void {
    const blocks: [number, number][] = [];
    for (let from = 0; from < rows; ) {
      const to = Math.min(rows, from + 1 + this.below(rows));
      blocks.push([from, to]);
      from = to;
    }
    for (const [from, to] of this.shuffled(blocks))
      for (const stage of stages) this.stage(stage, rows, from, to, frame);
  }

  private stage(stage: Stage, rows: number, from: number, to: number, frame: Frame): void {
    if (stage.kind === 'contraction') {
      this.contraction(stage, rows, from, to, frame);
      return;
    }
    const factor = stage.space[0] / rows;
    const [first, end] = [from * factor, to * factor];
    if (stage.kind === 'loops')
      for (const index of indicesOf(stage.space, first, end)) this.stores(stage, index, frame);
    else if (stage.kind === 'reduce') this.reduce(stage, first, end, frame);
    else this.update(stage, first, end, frame);
  }

  private stores(
    stage: LoopStage,
    index: readonly number[],
    frame: Frame,
    ready?: Map<LoopStage['stores'][0]['variable'], number>,
  ): void {
    const elements = new Elements(frame, index, ready);
    const values = stage.stores.map((store) => elements.of(store.value));
    stage.stores.forEach(({ variable, place }, i) => {
      const { data, at, step } = frame.viewOf(variable);
      data[at + placeAt(place, index) * step] = values[i];
    });
  }

  private reduce(
    { operation, space, kept, value, variable }: ReduceStage,
    from: number,
    to: number,
    frame: Frame,
  ): void {
    const result = space.slice(0, kept);
    const strides = rowMajorStrides(result);
    const rest = space.slice(kept);
    const multiply = isInteger(variable.dtype) ? Math.imul : (a: number, b: number): number => a * b;
    for (const index of indicesOf(result, from, to)) {
      const values = [...indicesOf(rest)].map((inner) => new Elements(frame, [...index, ...inner]).of(value));
      let total: number;
      if (operation === 'argMax' || operation === 'argMin') {
        const better = (a: number, b: number): boolean => (operation === 'argMax' ? a > b : a < b);
        total = 0;
        values.forEach((x, i) => {
          const best = values[total];
          if (!Number.isNaN(best) && (Number.isNaN(x) || better(x, best))) total = i;
        });
      } else if (operation === 'reduceSum') total = values.reduce((sum, x) => sum + x, 0);
      else if (operation === 'reduceProd') total = values.reduce(multiply, 1);
      else total = operation === 'reduceMax' ? Math.max(...values) : Math.min(...values);
      const { data, at, step } = frame.viewOf(variable);
      data[at + placeAt({ offset: 0, strides }, index) * step] = held(variable.dtype, total);
    }
  }

  private update(
    { mode, space, variable, place, terms, value }: UpdateStage,
    from: number,
    to: number,
    frame: Frame,
  ): void {
    for (const index of indicesOf(space, from, to)) {
      const elements = new Elements(frame, index);
      let target = placeAt(place, index);
      let dropped = false;
      for (const { index: chosen, limit, stride, clamp } of terms) {
        const given = elements.of(chosen);
        if (!clamp && (given < 0 || given > limit)) dropped = true;
        target += Math.min(Math.max(given, 0), limit) * stride;
      }
      if (dropped) continue;
      const { data, at, step } = frame.viewOf(variable);
      const x = elements.of(value);
      const before = data[at + target * step];
      const combined = { set: x, add: before + x, mul: before * x, min: Math.min(before, x), max: Math.max(before, x) };
      data[at + target * step] = held(variable.dtype, combined[mode]);
    }
  }

  private contraction(stage: ContractionStage, rows: number, from: number, to: number, frame: Frame): void {
    const { batch, m, n, k, variable, epilogue } = stage;
    const [items, lines] = batch > 1 ? [batch / rows, m] : [1, m / rows];
    const element = (operand: ContractionOperand, free: number, b: number, f: number, c: number): number => {
      if (operand.kind === 'memory') {
        const { data, at, step } = frame.viewOf(operand.variable);
        return data[at + (operand.offset + b * operand.batch + f * operand.free + c * operand.contract) * step];
      }
      let position = (b * free + f) * k + c;
      const index = rowMajorStrides(operand.space).map((stride) => {
        const step = Math.floor(position / stride);
        position -= step * stride;
        return step;
      });
      return new Elements(frame, index).of(operand.value);
    };
    const multiply = isInteger(variable.dtype) ? Math.imul : (a: number, b: number): number => a * b;
    const strides = rowMajorStrides(variable.shape);
    const [firstItem, endItem] = batch > 1 ? [from * items, to * items] : [0, 1];
    const [firstLine, endLine] = batch > 1 ? [0, m] : [from * lines, to * lines];
    for (let b = firstItem; b < endItem; b++) {
      for (let i = firstLine; i < endLine; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let c = 0; c < k; c++) sum += multiply(element(stage.lhs, m, b, i, c), element(stage.rhs, n, b, j, c));
          sum = held(variable.dtype, sum);
          let position = (b * m + i) * n + j;
          if (stage.keeps) {
            const { data, at, step } = frame.viewOf(variable);
            data[at + position * step] = sum;
          }
          if (!epilogue) continue;
          const index = strides.map((stride) => {
            const step = Math.floor(position / stride);
            position -= step * stride;
            return step;
          });
          this.stores(epilogue, index, frame, new Map([[variable, sum]]));
        }
      }
    }
  }

  private control(part: ControlPart, plan: ControlPlan, frame: Frame): void {
    const { control, regions, eqn } = part;
    const results = eqn.outputs.map((variable) => frame.viewOf(variable));
    const operands = part.operands.map((operand, i): View => {
      const atom = eqn.inputs[i];
      if (operand) return frame.viewOf(operand);
      return { data: Float64Array.of(held(atom.dtype, (atom as Literal).value)), at: 0, step: 1 };
    });
    const call = (region: number, inputs: readonly View[], outputs: readonly View[]): void => {
      const memory = plan.regions[region];
      this.schedule(regions[region], memory, this.frame(memory, frame.within(plan.offset), inputs, outputs));
    };
    const sizes = eqn.outputs.map(({ shape }) => sizeOf(shape));
    /** The carries: those that stay in place are in the result from the start, the others in buffers of their own. */
    const begin = (first: number): View[] =>
      plan.seconds.map((second, i) => {
        const place = second === null ? results[i] : own(sizes[i]);
        copied(operands[first + i], place, sizes[i]);
        return place;
      });
    const turn = (carries: View[], run: (next: readonly View[]) => void): View[] => {
      const next = carries.map((view, i) => (plan.seconds[i] === null ? view : own(sizes[i])));
      run(next);
      return next;
    };
    if (control.kind === 'branches') {
      const { data, at } = operands[0];
      const chosen = Math.min(Math.max(data[at], 0), regions.length - 1);
      call(chosen, operands.slice(1), results);
      return;
    }
    let carries: View[];
    if (control.kind === 'scan') {
      const { constants, carries: count, length, reverse } = control;
      carries = begin(constants);
      for (let i = 0; i < length; i++) {
        const position = reverse ? length - 1 - i : i;
        const slice = (whole: View, size: number): View => ({
          ...whole,
          at: whole.at + position * (size / length) * whole.step,
        });
        const xs = operands
          .slice(constants + count)
          .map((view, at) => slice(view, sizeOf(eqn.inputs[constants + count + at].shape)));
        const ys = results.slice(count).map((view, at) => slice(view, sizes[count + at]));
        carries = turn(carries, (next) =>
          call(0, [...operands.slice(0, constants), ...carries, ...xs], [...next, ...ys]),
        );
      }
    } else {
      const { conditionConstants, bodyConstants } = control;
      const first = conditionConstants + bodyConstants;
      carries = begin(first);
      for (;;) {
        const flag = own(1);
        call(0, [...operands.slice(0, conditionConstants), ...carries], [flag]);
        if (flag.data[0] === 0) break;
        const constants = operands.slice(conditionConstants, first);
        carries = turn(carries, (next) => call(1, [...constants, ...carries], next));
      }
    }
    carries.forEach((view, i) => {
      if (view !== results[i]) copied(view, results[i], sizes[i]);
    });
  }
}
