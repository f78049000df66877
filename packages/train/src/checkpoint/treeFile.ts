import {
  ArgumentError,
  checkTensor,
  FlowfieldError,
  readSafetensors,
  type SafetensorsInput,
  type Tensor,
  tensor,
  tree,
  writeSafetensors,
} from '@flowfield/tensor-webgpu';

/** A checkpoint that is missing or damaged, of another form than the run, or of another run. */
export class CheckpointError extends FlowfieldError {
  /** The file that the error is about; `null` where it is about bytes or tensors without a name. */
  readonly file: string | null;

  constructor(message: string, file: string | null = null) {
    super(message);
    this.file = file;
  }
}

const DTYPES = { f32: 'F32', f64: 'F64', i32: 'I32', u32: 'U32', bool: 'BOOL' } as const;

function fileDType(path: string, dtype: string): (typeof DTYPES)[keyof typeof DTYPES] {
  if (Object.hasOwn(DTYPES, dtype)) return DTYPES[dtype as keyof typeof DTYPES];
  throw new CheckpointError(
    `checkpoint: tensor ${path} has dtype ${dtype}; expected one of ${Object.keys(DTYPES).join(', ')}.`,
  );
}

/** A key as a part of a name: dots within it are no steps of the path, and an empty one shows. */
const part = (key: string): string => (key === '' ? '\\e' : key.replace(/[\\.]/g, '\\$&'));

/** The names of the leaves in order: their paths, such that no two are equal. */
function namesOf(node: unknown, parts: readonly string[] = []): string[] {
  if (node === null || node === undefined) return [];
  if (Array.isArray(node)) return node.flatMap((child, i) => namesOf(child, [...parts, String(i)]));
  const prototype = typeof node === 'object' ? Object.getPrototypeOf(node) : undefined;
  if (prototype !== Object.prototype && prototype !== null) return [parts.join('.')];
  return Object.keys(node)
    .sort()
    .flatMap((key) => namesOf((node as Record<string, unknown>)[key], [...parts, part(key)]));
}

/**
 * A tree of tensors as a safetensors file; the path of a leaf (`layers.0.weight`) is its name. A dot or backslash in a key
 * has a backslash before it, and an empty key is `\e`.
 * @throws CheckpointError for a dtype that the file format does not have here; ArgumentError for a leaf that is no tensor,
 *   or metadata that are no strings.
 */
export async function encodeTree(
  params: unknown,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const paths = namesOf(params);
  if (typeof metadata !== 'object' || metadata === null)
    throw new ArgumentError(`encodeTree: expected metadata as an object of strings, got ${String(metadata)}.`);
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue;
    throw new ArgumentError(
      `encodeTree: expected strings as metadata, got ${String(value)} for '${name}'. Write it as String(value).`,
    );
  }
  const entries = await Promise.all(
    tree.leaves<Tensor>(params).map(async (leaf, i): Promise<[string, SafetensorsInput]> => {
      checkTensor('encodeTree', `the leaf '${paths[i]}'`, leaf);
      const dtype = fileDType(paths[i], leaf.dtype);
      return [paths[i], { dtype, shape: leaf.shape, data: (await leaf.data()) as SafetensorsInput['data'] }];
    }),
  );
  return writeSafetensors(new Map(entries), metadata);
}

/**
 * The tensors of a safetensors file in the form, and on the device, of `like`.
 * @throws CheckpointError when a tensor is missing, left over, or of another shape or dtype; SafetensorsError for a malformed file.
 *   Messages name the file as `name`.
 */
export function decodeTree<P>(bytes: Uint8Array, like: P, name?: string): P {
  const { tensors } = readSafetensors(bytes);
  const paths = namesOf(like);
  const where = name === undefined ? 'checkpoint' : `checkpoint: ${name}`;
  const file = name ?? null;
  const leftOver = [...tensors.keys()].find((name) => !paths.includes(name));
  if (leftOver !== undefined) {
    throw new CheckpointError(
      `${where}: the file has a tensor ${leftOver}, which this run has not. Use the settings it was made with.`,
      file,
    );
  }
  const leaves = tree.leaves<Tensor>(like).map((leaf, i): Tensor => {
    const path = paths[i];
    const entry = tensors.get(path);
    if (!entry)
      throw new CheckpointError(
        `${where}: expected a tensor ${path}, which the file lacks. Use the settings it was made with.`,
        file,
      );
    const expected = `${fileDType(path, leaf.dtype)} [${leaf.shape.join(', ')}]`;
    const given = `${entry.dtype} [${entry.shape.join(', ')}]`;
    if (expected !== given) {
      throw new CheckpointError(
        `${where}: expected ${path} to be ${expected}, the file has ${given}. Use the settings it was made with.`,
        file,
      );
    }
    return tensor(entry.data as Float32Array, { shape: leaf.shape, dtype: leaf.dtype, device: leaf.device?.name });
  });
  return tree.unflatten(tree.structure(like), leaves) as P;
}
