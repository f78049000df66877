import { readBy, valuesOf } from '../../../kernels/access.ts';
import { loadsOf } from '../../../kernels/expression.ts';
import type { ContractionOperand, ContractionStage, MemoryOperand } from '../../../kernels/form.ts';
import type { Var } from '../../../program/aval.ts';
import { sizeOf } from '../../../shape/shape.ts';
import {
  hasOwnDispatches,
  type ProductOperand,
  type ProductPlan,
  type ProductStep,
  type ProductThresholds,
  planProduct,
  productSource,
} from '../products/index.ts';
import type { Limits } from '../target.ts';
import type { Draft } from './draft.ts';
import { type Body, elementwise, type Kernel, type Touched, touchedBy } from './kernel.ts';
import { finishElement, operandAt, operandPlace } from './product.ts';
import type { Region } from './region.ts';
import { bindingKey, type Spot } from './spot.ts';
import { elementType, u32 } from './wgsl-types.ts';

/** Where an operand lies in what is bound; `null` when it is computed. */
function placeOf(operand: ContractionOperand, region: Region | null): ProductOperand | null {
  if (operand.kind === 'computed') return null;
  const { offset, batch, free, contract } = operand;
  const spot = region?.spots.get(operand.variable);
  // A loop that moves it by less than a vector leaves nothing to be read by vectors.
  const uneven = spot?.turnings.some(({ elements }) => elements % 4 !== 0) ?? false;
  return { offset: offset + (spot?.first ?? 0) + (uneven ? 1 : 0), batch, free, contract };
}

/** The plan of a product that is worth dispatches of its own; `null` for one that lanes compute by themselves. */
export function largeProduct(
  stage: ContractionStage,
  limits: Limits,
  thresholds: ProductThresholds,
  region: Region | null = null,
): ProductPlan | null {
  const { batch, m, n, k, lhs, rhs, variable } = stage;
  if (batch * m * n * k === 0) return null;
  const plan = planProduct({
    batch,
    m,
    n,
    k,
    dtype: variable.dtype,
    lhs: placeOf(lhs, region),
    rhs: placeOf(rhs, region),
    limits,
    thresholds,
    vectors: region !== null && boundApart(stage, region),
  });
  return hasOwnDispatches(plan) ? plan : null;
}

/** Whether nothing but the product reads its operands in memory: what is bound as vectors is read in no other way. */
function boundApart(stage: ContractionStage, region: Region): boolean {
  const operands = [stage.lhs, stage.rhs].filter((operand) => operand.kind === 'memory');
  const computed = [stage.lhs, stage.rhs].flatMap((operand) => (operand.kind === 'computed' ? [operand.value] : []));
  const others = loadsOf([...computed, ...(stage.epilogue ? valuesOf(stage.epilogue) : [])]).map(
    (load) => load.variable,
  );
  const keys = [...operands.map(({ variable }) => variable), ...new Set(others)]
    .filter((variable) => variable !== stage.variable)
    .map((variable) => bindingKey(region.spots.get(variable) as Spot));
  return new Set(keys).size === keys.length;
}

/** The dispatches of a large product, one after the other. */
export function largeProductDrafts(
  region: Region,
  stage: ContractionStage,
  plan: ProductPlan,
  scratch: () => Spot,
  label: string,
  flops: number,
): Draft[][] {
  const type = elementType(stage.variable.dtype);
  const partial: Touched | null = plan.scratchBytes > 0 ? { spot: scratch(), type } : null;
  return plan.steps.map((step): Draft[] => {
    const touched = touchedIn(region, stage, plan, step, partial);
    if (step.kind === 'combine' && partial) {
      const body = (kernel: Kernel): Body => combineBody(kernel, stage, plan.pieces, partial.spot);
      return [{ label: `pieces of ${label}`, touched, flops: plan.scratchBytes / 4, body }];
    }
    const module = (kernel: Kernel): string => moduleOf(kernel, stage, plan, step, partial);
    return [{ label, touched, flops, workgroups: step.workgroups, module }];
  });
}

/** Adds up the pieces of each element in their order. */
function combineBody(kernel: Kernel, stage: ContractionStage, pieces: number, scratch: Spot): Body {
  const { dtype, shape } = stage.variable;
  const elements = sizeOf(shape);
  return elementwise(elements, (at) => {
    const [sum, piece] = [kernel.name('sum'), kernel.name('piece')];
    return [
      `var ${sum} = ${kernel.loadAt(scratch, dtype, at)};`,
      `for (var ${piece} = 1u; ${piece} < ${u32(pieces)}; ${piece}++) {`,
      `${sum} += ${kernel.loadAt(scratch, dtype, `${at} + ${piece} * ${u32(elements)}`)};`,
      '}',
      finishElement(kernel, stage, at, sum),
    ].join('\n');
  });
}

function touchedIn(
  region: Region,
  stage: ContractionStage,
  plan: ProductPlan,
  step: ProductStep,
  partial: Touched | null,
): Touched[] {
  const touched: Touched[] = [];
  (['lhs', 'rhs'] as const).forEach((side) => {
    const operand = stage[side];
    if (!step[side]) return;
    if (operand.kind === 'computed') {
      const loads = loadsOf([operand.value]).map((load) => load.variable);
      touched.push(...touchedBy(region, new Set(loads)));
      return;
    }
    const [own] = touchedBy(region, [operand.variable]);
    touched.push(plan.vectors[side] === null ? own : { ...own, type: `vec4<${own.type}>` });
  });
  if (step.scratch && partial) touched.push(partial);
  if (step.finishes) touched.push(...touchedBy(region, finishing(stage)));
  return touched;
}

/** What is read and written when an element is finished. */
function finishing(stage: ContractionStage): Set<Var> {
  const { epilogue, keeps, variable } = stage;
  const reads = epilogue ? readBy(epilogue).filter((read) => read !== variable) : [];
  return new Set([...reads, ...(keeps ? [variable] : []), ...(epilogue?.stores.map((store) => store.variable) ?? [])]);
}

function moduleOf(
  kernel: Kernel,
  stage: ContractionStage,
  plan: ProductPlan,
  step: ProductStep,
  partial: Touched | null,
): string {
  const { m, n, k } = stage;
  const type = elementType(stage.variable.dtype);
  if (step.scratch && partial) kernel.alias(partial.spot, 'scratch');
  const reader = (side: 'lhs' | 'rhs', free: number) => {
    const operand = stage[side];
    if (operand.kind === 'computed' && step[side]) {
      const { text, value } = operandAt(kernel, operand, free, k, ['o_b', 'o_f', 'o_c']);
      kernel.declare(
        `${side}_value`,
        `fn ${side}_value(o_b: u32, o_f: u32, o_c: u32) -> ${type} {\n${text}\nreturn ${value};\n}`,
      );
    }
    return (b: string, f: string, c: string): string => {
      if (operand.kind === 'computed') return `${side}_value(${b}, ${f}, ${c})`;
      if (plan.vectors[side] !== null) return vectorAt(kernel, operand, [b, f, c]);
      return operandAt(kernel, operand, free, k, [b, f, c]).value;
    };
  };
  const lhs = reader('lhs', m);
  const rhs = reader('rhs', n);
  return productSource(plan, step, {
    lhs,
    rhs,
    finish: (b, i, j, value) =>
      `let position = (${b} * ${u32(m)} + ${i}) * ${u32(n)} + ${j};\n${finishElement(kernel, stage, 'position', value)}`,
  });
}

const vectorAt = (kernel: Kernel, operand: MemoryOperand, at: readonly [string, string, string]): string =>
  kernel.loadVector(operand.variable, operandPlace(operand, at));
