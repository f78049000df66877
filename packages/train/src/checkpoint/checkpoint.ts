import type { TrainState } from '../loop/state.ts';
import type { RunStorage } from '../storage/storage.ts';
import { CheckpointError, decodeTree, encodeTree } from './treeFile.ts';

/** The parameters with the lowest validation value so far. */
export interface Best<P> {
  readonly step: number;
  readonly value: number;
  readonly params: P;
}

/** What a checkpoint holds. */
export interface Checkpoint<P> {
  readonly state: TrainState<P>;
  readonly best: Best<P> | null;
}

/** The file that names the others; it is written last, so that it always names whole ones. */
const INDEX = 'checkpoint.json';
const FORMAT = 1;

interface Index {
  readonly format: number;
  readonly step: number;
  readonly seed: number;
  /** The safetensors file of the state. */
  readonly state: string;
  readonly best: { readonly step: number; readonly value: number; readonly file: string } | null;
}

async function readIndex(storage: RunStorage): Promise<Index | null> {
  const bytes = await storage.read(INDEX);
  if (!bytes) return null;
  let index: Index;
  try {
    index = JSON.parse(new TextDecoder().decode(bytes)) as Index;
  } catch (error) {
    throw new CheckpointError(
      `checkpoint: expected JSON in ${INDEX}: ${(error as Error).message}. Restore the file or start anew.`,
    );
  }
  if (index.format !== FORMAT) {
    throw new CheckpointError(
      `checkpoint: expected format ${FORMAT} in ${INDEX}, got ${index.format}. Use the version that wrote it.`,
    );
  }
  return index;
}

/** Writes a checkpoint in place of the last one. After a crash at any moment one of the two is there, whole. */
export async function writeCheckpoint<P>(
  storage: RunStorage,
  step: number,
  seed: number,
  { state, best }: Checkpoint<P>,
): Promise<void> {
  const last = await readIndex(storage);
  const index: Index = {
    format: FORMAT,
    step,
    seed,
    state: `state-${step}.safetensors`,
    best: best && { step: best.step, value: best.value, file: `best-${best.step}.safetensors` },
  };
  await storage.write(index.state, await encodeTree(state, { step: String(step) }));
  if (best && index.best && last?.best?.file !== index.best.file) {
    await storage.write(index.best.file, await encodeTree(best.params, { step: String(best.step) }));
  }
  await storage.write(INDEX, new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`));
  for (const old of [last?.state, last?.best?.file]) {
    if (old !== undefined && old !== index.state && old !== index.best?.file) await storage.remove?.(old);
  }
}

/** Throws `CheckpointError` when a storage holds a checkpoint that a new run would overwrite. */
export async function checkEmpty(storage: RunStorage): Promise<void> {
  const index = await readIndex(storage);
  if (!index) return;
  throw new CheckpointError(
    `checkpoint: expected a storage without a checkpoint, found one of step ${index.step}, seed ${index.seed}. Resume it, or choose another storage.`,
  );
}

/**
 * The checkpoint of a run, in the form and on the device of `like`; `null` when there is none.
 * @throws CheckpointError when it is of another seed or form, or a file that it names is missing.
 */
export async function readCheckpoint<P>(
  storage: RunStorage,
  seed: number,
  like: TrainState<P>,
): Promise<(Checkpoint<P> & { readonly step: number }) | null> {
  const index = await readIndex(storage);
  if (!index) return null;
  if (index.seed !== seed) {
    throw new CheckpointError(
      `checkpoint: expected seed ${seed}, the checkpoint is of seed ${index.seed}. Resume with that seed, or start anew elsewhere.`,
    );
  }
  const file = async (name: string): Promise<Uint8Array> => {
    const bytes = await storage.read(name);
    if (!bytes)
      throw new CheckpointError(
        `checkpoint: ${INDEX} names ${name}, which is missing. Restore the file or start anew.`,
      );
    return bytes;
  };
  return {
    step: index.step,
    state: decodeTree(await file(index.state), like),
    best: index.best && {
      step: index.best.step,
      value: index.best.value,
      params: decodeTree(await file(index.best.file), like.params),
    },
  };
}
