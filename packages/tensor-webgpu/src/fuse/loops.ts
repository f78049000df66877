import { type Expression, visit } from '../kernels/expression.ts';
import type { Store } from '../kernels/form.ts';
import { rowSpace } from '../kernels/rows.ts';
import type { Var } from '../program/aval.ts';
import { type Affine, flatten } from '../shape/affine.ts';
import type { Shape } from '../shape/shape.ts';
import { Expressions } from './express.ts';
import type { Storage } from './storage.ts';

/** A loop stage that may still take more stores. */
export interface OpenLoops {
  readonly kind: 'loops';
  readonly space: Shape;
  readonly stores: Store[];
}

/** Makes loop stages, and remembers for each what it has at hand, so that later values can join it. */
export class Loops {
  readonly storage: Storage;
  private readonly expressionsOf = new Map<OpenLoops, Expressions>();
  private readonly finishedOf = new Map<OpenLoops, Set<Expression>>();

  constructor(storage: Storage) {
    this.storage = storage;
  }

  make(space: Shape): OpenLoops {
    const stage: OpenLoops = { kind: 'loops', space, stores: [] };
    this.expressionsOf.set(stage, new Expressions(this.storage, space));
    this.finishedOf.set(stage, new Set());
    return stage;
  }

  expressions(stage: OpenLoops): Expressions {
    return this.expressionsOf.get(stage) as Expressions;
  }

  /** The nodes that a stage computes already. */
  finished(stage: OpenLoops): ReadonlySet<Expression> {
    return this.finishedOf.get(stage) as Set<Expression>;
  }

  /** Adds the computation of `variable`, whose coordinates over the stage's space are given. */
  compute(stage: OpenLoops, variable: Var, coordinates: readonly Affine[]): void {
    const expressions = this.expressions(stage);
    const place = flatten(coordinates, variable.shape, stage.space.length);
    const value = expressions.compute(variable, coordinates);
    stage.stores.push({ variable, place, value });
    const finished = this.finishedOf.get(stage) as Set<Expression>;
    visit([value], (node) => finished.add(node), finished);
    expressions.atHand.set(variable, { place, value });
  }

  /** A loop that stores one value per element of `variable`, over a space whose first axis has `rows` steps. */
  storing(
    variable: Var,
    rows: number,
    value: (expressions: Expressions, coordinates: readonly Affine[]) => Expression,
  ): OpenLoops {
    const { space, coordinates } = rowSpace(variable.shape, rows)!;
    const stage = this.make(space);
    const place = flatten(coordinates, variable.shape, space.length);
    stage.stores.push({ variable, place, value: value(this.expressions(stage), coordinates) });
    return stage;
  }
}
