import { readSafetensors, type Tensor, tree } from '@flowfield/tensor-webgpu';
import { torchLayout } from './torchNames.ts';

/** How the tensors of a file and the parameters of a model differ; every list is empty where they agree. */
export interface Differences {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** `name: expected [4, 2], given [2, 4]`. */
  readonly misshaped: readonly string[];
}

/** Compares a safetensors file, laid out as PyTorch does, with the parameters that a model takes. */
export function differences(bytes: Uint8Array, like: unknown): Differences {
  const { tensors } = readSafetensors(bytes);
  const expected = torchLayout(like);
  const names = tree.paths(expected);
  const leaves = tree.leaves<Tensor>(expected);
  const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
  return {
    missing: names.filter((name) => !tensors.has(name)),
    unexpected: [...tensors.keys()].filter((name) => !names.includes(name)),
    misshaped: names.flatMap((name, i) => {
      const given = tensors.get(name)?.shape;
      if (given === undefined || show(given) === show(leaves[i].shape)) return [];
      return [`${name}: expected ${show(leaves[i].shape)}, given ${show(given)}`];
    }),
  };
}

/** The differences as one line for people; `null` where there are none. */
export function differencesLine({ missing, unexpected, misshaped }: Differences): string | null {
  const parts = [
    ...(missing.length > 0 ? [`missing ${missing.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`unexpected ${unexpected.join(', ')}`] : []),
    ...(misshaped.length > 0 ? [`of another shape ${misshaped.join('; ')}`] : []),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}
