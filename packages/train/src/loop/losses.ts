import type { Tensor } from '@flowfield/tensor-webgpu';
import type { ChunkOutputs } from './chunk.ts';
import { NonFiniteLossError } from './nonFiniteLoss.ts';
import { disposeTree } from './state.ts';

/** What was read back: the loss of every step, and the means of the metrics. */
export interface ReadLosses {
  readonly losses: Float64Array;
  readonly loss: number;
  readonly metrics: Record<string, number>;
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Losses and metrics that are still on the device; read together, now and then, so that the device is not held up. */
export class PendingLosses {
  private readonly chunks: ChunkOutputs[] = [];
  private first: number;

  constructor(step: number) {
    this.first = step;
  }

  get isEmpty(): boolean {
    return this.chunks.length === 0;
  }

  push(outputs: ChunkOutputs): void {
    this.chunks.push(outputs);
  }

  /** Reads all and starts anew. Throws `NonFiniteLossError` for the first loss that is not finite. */
  async read(): Promise<ReadLosses> {
    const chunks = this.chunks.splice(0);
    const losses = await joined(chunks.map((chunk) => chunk.loss));
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) throw new NonFiniteLossError(this.first + bad, losses[bad]);
    const metrics: Record<string, number> = {};
    for (const name of Object.keys(chunks[0].metrics)) {
      metrics[name] = mean(await joined(chunks.map((chunk) => chunk.metrics[name])));
    }
    for (const chunk of chunks) disposeTree(chunk);
    this.first += losses.length;
    return { losses, loss: mean(losses), metrics };
  }
}

async function joined(tensors: readonly Tensor[]): Promise<Float64Array> {
  const parts = await Promise.all(tensors.map((tensor) => tensor.data()));
  return Float64Array.from(parts.flatMap((part) => [...part]));
}
