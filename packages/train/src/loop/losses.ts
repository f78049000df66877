import type { Tensor } from '@flowfield/tensor-webgpu';
import type { ChunkOutputs } from './chunk.ts';
import { NonFiniteGradientError, NonFiniteLossError } from './nonFinite.ts';
import { disposeTree } from './state.ts';
import { turnAt } from './turns.ts';

/** What was read back: the loss of every step, and means. */
export interface ReadLosses {
  readonly losses: Float64Array;
  readonly loss: number;
  readonly metrics: Record<string, number>;
  /** Mean loss of each turn that had a step. */
  readonly byTurn: Record<string, number>;
  /** The losses of the steps of each turn. */
  readonly lossesOf: Record<string, Float64Array>;
}

interface RunFacts {
  /** Paths of the parameters, in the order of the tree. */
  readonly paths: readonly string[];
  readonly turns: readonly { readonly name: string; readonly steps: number }[];
  /** The names of the metrics of each turn. */
  readonly metricsOf: ReadonlyMap<string, readonly string[]>;
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Losses and metrics that are still on the device; read together, now and then, so that the device is not held up. */
export class PendingLosses {
  private readonly chunks: ChunkOutputs[] = [];
  private first: number;
  private readonly facts: RunFacts;

  constructor(step: number, facts: RunFacts) {
    this.first = step;
    this.facts = facts;
  }

  get isEmpty(): boolean {
    return this.chunks.length === 0;
  }

  push(outputs: ChunkOutputs): void {
    this.chunks.push(outputs);
  }

  /**
   * Reads all and starts anew.
   * @throws NonFiniteLossError or NonFiniteGradientError for the first step whose loss or gradient is not finite.
   */
  async read(): Promise<ReadLosses> {
    const { turns, metricsOf } = this.facts;
    const chunks = this.chunks.splice(0);
    const losses = await joined(chunks.map((chunk) => chunk.loss));
    this.check(losses, await joined(chunks.map((chunk) => chunk.bad)));
    const turnOfStep = Array.from(losses, (_, i) => turns[turnAt(turns, this.first + i)].name);
    const only = (values: Float64Array, isIn: (turn: string) => boolean): Float64Array =>
      values.filter((_, i) => isIn(turnOfStep[i]));

    const metrics: Record<string, number> = {};
    for (const name of Object.keys(chunks[0].metrics)) {
      const values = await joined(chunks.map((chunk) => chunk.metrics[name]));
      const own = only(values, (turn) => metricsOf.get(turn)?.includes(name) ?? true);
      if (own.length > 0) metrics[name] = mean(own);
    }
    const byTurn: Record<string, number> = {};
    const lossesOf: Record<string, Float64Array> = {};
    for (const name of new Set(turnOfStep)) {
      lossesOf[name] = only(losses, (turn) => turn === name);
      byTurn[name] = mean(lossesOf[name]);
    }
    for (const chunk of chunks) disposeTree(chunk);
    this.first += losses.length;
    return { losses, loss: mean(losses), metrics, byTurn, lossesOf };
  }

  private check(losses: Float64Array, bad: Float64Array): void {
    const at = losses.findIndex((loss, i) => !Number.isFinite(loss) || bad[i] >= 0);
    if (at < 0) return;
    const path = bad[at] >= 0 ? this.facts.paths[bad[at]] : null;
    if (path !== null && Number.isFinite(losses[at])) throw new NonFiniteGradientError(this.first + at, path);
    throw new NonFiniteLossError(this.first + at, losses[at], path);
  }
}

async function joined(tensors: readonly Tensor[]): Promise<Float64Array> {
  const parts = await Promise.all(tensors.map((tensor) => tensor.data()));
  return Float64Array.from(parts.flatMap((part) => [...part]));
}
