import { type Tensor, TraceError, type TypedArray } from '@flowfield/tensor-webgpu';

/** The elements where they are known at once: in memory that this thread sees, or constants of a trace; else `null`. */
export function knownData(x: Tensor): TypedArray | null {
  if (x.device) return x.device.readSync ? x.dataSync() : null;
  try {
    return x.dataSync();
  } catch (error) {
    if (error instanceof TraceError) return null;
    throw error;
  }
}
