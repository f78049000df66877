import type { DType } from '../../../dtype/dtype.ts';
import { accessOf, valuesOf } from '../../../kernels/access.ts';
import { visit } from '../../../kernels/expression.ts';
import type { ContractionStage, RowPart, Stage } from '../../../kernels/form.ts';
import type { Var } from '../../../program/aval.ts';
import { sizeOf } from '../../../shape/shape.ts';
import type { ProductThresholds } from '../products/index.ts';
import type { Limits } from '../target.ts';
import { besideDraft, matricesBeside } from './beside.ts';
import type { Draft } from './draft.ts';
import { type Body, elementwise, type Kernel, type Touched, touchedBy } from './kernel.ts';
import { largeProduct, largeProductDrafts } from './large-product.ts';
import { busyLoops, loopElement } from './loops.ts';
import { smallProduct } from './product.ts';
import { joinBody, pieceBytes, piecesBody, piecesOf, reduceBody, resultsOf } from './reduce.ts';
import type { Region } from './region.ts';
import { rowsBody } from './rows.ts';
import { numberText } from './scalar.ts';
import { type Spot, wholeSpot } from './spot.ts';
import { turnedBody, turnedLoops } from './turned-loops.ts';
import { updateBody } from './update.ts';
import { listBytes, listDrafts, listsOf } from './update-lists.ts';
import { elementType } from './wgsl-types.ts';

/** What the kernels of a part are chosen by. */
export interface Choices {
  readonly limits: Limits;
  readonly products: ProductThresholds;
}

/** Bytes of partial results that a stage needs beside its variables. */
export function scratchOf(stage: Stage, alone: boolean, { limits, products }: Choices): number {
  if (stage.kind === 'contraction')
    return isBeside(stage, products) ? 0 : (largeProduct(stage, limits, products)?.scratchBytes ?? 0);
  if (stage.kind === 'update') {
    const lists = listsOf(stage, limits.maxStorageBuffersPerShaderStage);
    return lists ? listBytes(lists) : 0;
  }
  return stage.kind === 'reduce' && alone && piecesOf(stage) > 1 ? pieceBytes(stage) : 0;
}

/** Whether a product is one of matrices beside each other that is worth a dispatch of its own. */
const isBeside = (stage: ContractionStage, { leastOwnWork }: ProductThresholds): boolean =>
  stage.batch * stage.m * stage.n * stage.k > leastOwnWork && matricesBeside(stage) > 0;

/** About how many operations a stage does. */
function flopsOf(stage: Stage): number {
  let nodes = 0;
  visit(valuesOf(stage), ({ kind }) => {
    if (kind === 'apply') nodes++;
  });
  if (stage.kind === 'contraction') return stage.batch * stage.m * stage.n * (2 * stage.k + nodes);
  const elements = sizeOf(stage.space);
  if (stage.kind !== 'update') return elements * (nodes + (stage.kind === 'reduce' ? 1 : 0));
  // Lanes look through updates that are not theirs.
  const places = stage.terms.reduce((product, { limit }) => product * (limit + 1), 1);
  return elements * (nodes + 1) * places;
}

const labelOf = (stage: Stage): string =>
  stage.kind === 'contraction'
    ? `product ${stage.batch}x${stage.m}x${stage.n}x${stage.k}`
    : `${stage.kind === 'reduce' ? stage.operation : stage.kind} ${stage.space.join('x')}`;

/** Whether a stage has nothing to do. */
function isEmpty(stage: Stage): boolean {
  if (stage.kind === 'contraction') return stage.batch * stage.m * stage.n === 0;
  if (stage.kind === 'reduce') return resultsOf(stage) === 0;
  return sizeOf(stage.space) === 0;
}

/** The bodies of a part: those of one list run together, and the lists one after the other. */
export function draftsOf(
  region: Region,
  part: RowPart,
  { limits, products }: Choices,
  scratch: (stage: Stage) => Spot,
): Draft[][] {
  const stages = part.stages.filter((stage) => !isEmpty(stage));
  if (stages.length === 0 || part.rows === 0) return [];
  const touched = (variables: readonly Var[]): Touched[] => touchedBy(region, new Set(variables));
  const label = stages.map(labelOf).join(', ');
  const flops = stages.reduce((sum, stage) => sum + flopsOf(stage), 0);
  const { reads, writes } = accessOf(stages);
  const all = touched([...reads, ...writes]);
  const alone = (body: (kernel: Kernel) => Body): Draft[][] => [[{ label, touched: all, flops, body }]];
  if (stages.length > 1) return alone((kernel) => rowsBody(kernel, { ...part, stages }));
  const [stage] = stages;
  if (stage.kind === 'loops') {
    const busy = busyLoops(stage, region);
    if (!busy) return [];
    const access = accessOf([busy]);
    const turned = turnedLoops(busy);
    const body = (kernel: Kernel): Body =>
      turned
        ? turnedBody(kernel, turned)
        : elementwise(sizeOf(busy.space), (position) => loopElement(kernel, busy, position));
    return [
      [
        {
          label: turned ? `${label} turned` : label,
          touched: touched([...access.reads, ...access.writes]),
          flops,
          body,
        },
      ],
    ];
  }
  if (stage.kind === 'update') {
    const lists = listsOf(stage, limits.maxStorageBuffersPerShaderStage);
    return lists
      ? listDrafts(region, stage, lists, scratch(stage), label)
      : alone((kernel) => updateBody(kernel, stage));
  }
  if (stage.kind === 'contraction') {
    if (isBeside(stage, products)) return [[besideDraft(region, stage, label, flops)]];
    const plan = largeProduct(stage, limits, products, region);
    if (!plan) return alone((kernel) => smallProduct(kernel, stage));
    return largeProductDrafts(region, stage, plan, () => scratch(stage), label, flops);
  }
  if (piecesOf(stage) === 1) return alone((kernel) => reduceBody(kernel, stage));
  const partial = scratch(stage);
  const pieces: Touched = {
    spot: partial,
    type: stage.operation.startsWith('arg') ? 'u32' : touchedBy(region, [stage.variable])[0].type,
  };
  return [
    [
      {
        label: `${label} in pieces`,
        touched: [...touched(reads), pieces],
        flops,
        body: (kernel) => piecesBody(kernel, stage, partial),
      },
    ],
    [
      {
        label: `pieces of ${label}`,
        touched: [...touched(writes), pieces],
        flops: resultsOf(stage) * piecesOf(stage),
        body: (kernel) => joinBody(kernel, stage, partial),
      },
    ],
  ];
}

/** Copies the bits of `count` elements. */
export const copyDraft = (from: Spot, to: Spot, count: number): Draft => ({
  label: `copy ${count}`,
  touched: [from, to].map((spot) => ({ spot, type: 'u32' as const })),
  flops: 0,
  body: (kernel) => elementwise(count, (at) => kernel.storeAt(to, 'u32', at, kernel.loadAt(from, 'u32', at))),
});

/** Writes one number. */
export const numberDraft = (spot: Spot, value: number, dtype: DType): Draft => ({
  label: 'number',
  touched: [{ spot, type: elementType(dtype) }],
  flops: 0,
  body: (kernel) => elementwise(1, (at) => kernel.storeAt(spot, dtype, at, numberText(kernel, value, dtype))),
});

export const scratchSpot = (offset: number, bytes: number): Spot => wholeSpot(0, offset, bytes);
