import type { DivergenceState } from '../loop/divergence.ts';
import type { PatienceState } from '../loop/validation.ts';
import { type FileSeal, isSeal, sha256 } from '../storage/digest.ts';
import type { RunStorage } from '../storage/storage.ts';
import { CheckpointError } from './treeFile.ts';

/** The file that names the others and has their sums; it is written last, so that it always names whole ones. */
export const MANIFEST = 'checkpoint.json';
const FORMAT = 2;

/** What the loop knows beside its tensors. */
export interface LoopMemory {
  readonly divergence: DivergenceState;
  readonly patience: PatienceState;
}

export interface Manifest {
  readonly format: number;
  readonly step: number;
  readonly seed: number;
  /** The arithmetic of the device that computed it, as `deviceInfo` names it: another one goes on with other last bits. */
  readonly numerics?: string;
  /** The safetensors file of the state. */
  readonly state: string;
  readonly best: { readonly step: number; readonly value: number; readonly file: string } | null;
  readonly memory: LoopMemory;
  /** Length and SHA-256 of every file that is named above. */
  readonly files: Readonly<Record<string, FileSeal>>;
}

const REMEDY = 'Restore the folder from a copy, or start anew in another.';

/** Infinite numbers, which a validation may return and JSON has not, by name. */
const named = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
const unnamed = (_key: string, value: unknown): unknown =>
  value === 'Infinity' || value === '-Infinity' ? Number(value) : value;

/** The sum of all that a manifest says, which is kept in it as well. */
const sumOf = (manifest: object): Promise<string> => sha256(new TextEncoder().encode(JSON.stringify(manifest, named)));

export async function writeManifest(storage: RunStorage, manifest: Omit<Manifest, 'format'>): Promise<void> {
  const content = { format: FORMAT, ...manifest };
  const sealed = { ...content, sha256: await sumOf(content) };
  await storage.write(MANIFEST, new TextEncoder().encode(`${JSON.stringify(sealed, named, 2)}\n`));
}

/**
 * The manifest of a storage, or `null` where there is none.
 * @throws CheckpointError for one that is damaged, was changed by hand, or is of another version.
 */
export async function readManifest(storage: RunStorage): Promise<Manifest | null> {
  const bytes = await storage.read(MANIFEST);
  if (!bytes) return null;
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), unnamed);
  } catch (error) {
    throw new CheckpointError(
      `checkpoint: expected JSON in ${MANIFEST}: ${(error as Error).message.slice(0, 120)}. ${REMEDY}`,
      MANIFEST,
    );
  }
  const { sha256: sum, ...content } = (found ?? {}) as Manifest & { sha256?: string };
  if (typeof found === 'object' && found !== null && content.format !== FORMAT && content.format !== undefined) {
    throw new CheckpointError(
      `checkpoint: expected format ${FORMAT} in ${MANIFEST}, got ${JSON.stringify(content.format).slice(0, 40)}. Use the version that wrote it.`,
      MANIFEST,
    );
  }
  if (!isManifest(content)) {
    throw new CheckpointError(
      `checkpoint: expected an object with format, step, seed, state, best, memory and files in ${MANIFEST}, got something else. ${REMEDY}`,
      MANIFEST,
    );
  }
  if (sum !== (await sumOf(content))) {
    throw new CheckpointError(
      `checkpoint: ${MANIFEST} was changed since it was written: its content does not fit its SHA-256. ${REMEDY}`,
      MANIFEST,
    );
  }
  return content;
}

function isManifest(content: Partial<Manifest>): content is Manifest {
  const { step, seed, state, best, memory, files } = content;
  const counts = Number.isSafeInteger(step) && Number.isSafeInteger(seed) && typeof state === 'string';
  const hasBest = best === null || (typeof best?.file === 'string' && typeof best.value === 'number');
  const hasMemory = typeof memory?.divergence === 'object' && typeof memory.patience === 'object';
  return counts && hasBest && hasMemory && typeof files === 'object' && Object.values(files ?? {}).every(isSeal);
}

/** Files that checkpoints leave behind when they are cut off: states and parameters that no manifest names, unfinished writes. */
const leftover = /^(state|best)-\d+\.safetensors$|\.\d+\.tmp$/;

/** Removes what earlier, cut-off checkpoints left. Nothing is removed where the storage cannot list its files. */
export async function clearLeftovers(storage: RunStorage, manifest: Manifest | null): Promise<void> {
  if (!storage.list || !storage.remove) return;
  const named = new Set(Object.keys(manifest?.files ?? {}));
  for (const name of await storage.list()) {
    if (leftover.test(name) && !named.has(name)) await storage.remove(name);
  }
}
