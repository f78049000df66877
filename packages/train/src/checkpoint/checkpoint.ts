import { deviceInfo, firstNonFinite, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { NonFiniteParameterError } from '../loop/nonFinite.ts';
import type { TrainState } from '../loop/state.ts';
import { difference, type FileSeal, sealOf } from '../storage/digest.ts';
import type { RunStorage } from '../storage/storage.ts';
import { clearLeftovers, type LoopMemory, MANIFEST, readManifest, writeManifest } from './manifest.ts';
import { CheckpointError, decodeTree, encodeTree } from './treeFile.ts';

/** The parameters with the best validation value so far. */
export interface Best<P, S = null> {
  readonly step: number;
  readonly value: number;
  readonly params: P;
  /** The state of the model beside them; `null` for a run without. */
  readonly modelState: S;
}

/** What a checkpoint holds. */
export interface Checkpoint<P, S> {
  readonly state: TrainState<P, S>;
  readonly best: Best<P, S> | null;
  readonly memory: LoopMemory;
}

/** Parameters alone, or with the state of the model beside them. */
const bestTree = <P, S>(params: P, modelState: S): unknown =>
  modelState === null || modelState === undefined ? params : { params, model: modelState };

/** Throws `NonFiniteParameterError` for parameters that a checkpoint should not keep. */
async function checkFinite(params: unknown, step: number): Promise<void> {
  const paths = tree.paths(params);
  for (const [i, leaf] of tree.leaves<Tensor>(params).entries()) {
    if (firstNonFinite((await leaf.data()) as ArrayLike<number>) >= 0)
      throw new NonFiniteParameterError(step, paths[i]);
  }
}

/**
 * Writes a checkpoint in place of the last one. After a crash at any moment one of the two is there, whole.
 * @throws NonFiniteParameterError for parameters that are not finite: the last checkpoint stays.
 */
export async function writeCheckpoint<P, S>(
  storage: RunStorage,
  step: number,
  seed: number,
  { state, best, memory }: Checkpoint<P, S>,
): Promise<void> {
  await checkFinite(state.params, step);
  const last = await readManifest(storage);
  const files: Record<string, FileSeal> = {};
  const put = async (name: string, bytes: Uint8Array): Promise<string> => {
    await storage.write(name, bytes);
    files[name] = await sealOf(bytes);
    return name;
  };
  const stateFile = await put(`state-${step}.safetensors`, await encodeTree(state, { step: String(step) }));
  let bestFile: string | null = null;
  if (best) {
    bestFile = `best-${best.step}.safetensors`;
    if (last?.best?.file === bestFile) files[bestFile] = last.files[bestFile];
    else await put(bestFile, await encodeTree(bestTree(best.params, best.modelState), { step: String(best.step) }));
  }
  const named = best && bestFile ? { step: best.step, value: best.value, file: bestFile } : null;
  const [leaf] = tree.leaves<Tensor>(state.params);
  const numerics = leaf && deviceInfo(leaf.device).numerics;
  await writeManifest(storage, { step, seed, numerics, state: stateFile, best: named, memory, files });
  for (const old of Object.keys(last?.files ?? {})) {
    if (!Object.hasOwn(files, old)) await storage.remove?.(old);
  }
}

/** Throws `CheckpointError` when a storage holds a checkpoint that a new run would overwrite. */
export async function checkEmpty(storage: RunStorage): Promise<void> {
  const manifest = await readManifest(storage);
  if (manifest) {
    throw new CheckpointError(
      `checkpoint: expected a storage without a checkpoint, found one of step ${manifest.step}, seed ${manifest.seed}. Resume it, or choose another storage.`,
      MANIFEST,
    );
  }
  await clearLeftovers(storage, null);
}

/**
 * The checkpoint of a run, in the form and on the device of `like`; `null` when there is none. What cut-off checkpoints left is
 * cleared away.
 * @throws CheckpointError when it is of another seed or form, or a file that it names is missing or damaged.
 */
export async function readCheckpoint<P, S>(
  storage: RunStorage,
  seed: number,
  like: TrainState<P, S>,
): Promise<(Checkpoint<P, S> & { readonly step: number }) | null> {
  const manifest = await readManifest(storage);
  if (!manifest) {
    await clearLeftovers(storage, null);
    return null;
  }
  if (manifest.seed !== seed) {
    throw new CheckpointError(
      `checkpoint: expected seed ${seed}, the checkpoint is of seed ${manifest.seed}. Resume with that seed, or start anew elsewhere.`,
      MANIFEST,
    );
  }
  const file = async (name: string): Promise<Uint8Array> => {
    const bytes = await storage.read(name);
    if (!bytes) {
      throw new CheckpointError(
        `checkpoint: ${MANIFEST} names ${name}, which is missing. Restore the file or start anew.`,
        name,
      );
    }
    const seal = manifest.files[name];
    const fault = seal ? await difference(bytes, seal) : `${MANIFEST} has no SHA-256 of it`;
    if (fault !== null) {
      throw new CheckpointError(
        `checkpoint: ${name} is damaged: ${fault}. Restore the file from a copy, or start anew in another folder.`,
        name,
      );
    }
    return bytes;
  };
  const state = decodeTree(await file(manifest.state), like, manifest.state);
  const { best: named } = manifest;
  let best: Best<P, S> | null = null;
  if (named) {
    const kept = decodeTree(await file(named.file), bestTree(like.params, like.model), named.file);
    const { params, model } = like.model ? (kept as { params: P; model: S }) : { params: kept as P, model: like.model };
    best = { step: named.step, value: named.value, params, modelState: model };
  }
  await clearLeftovers(storage, manifest);
  return { step: manifest.step, state, best, memory: manifest.memory };
}
