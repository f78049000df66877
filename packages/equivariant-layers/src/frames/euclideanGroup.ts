import { nearestName } from '@flowfield/tensor-webgpu';
import { UnknownGroupError } from '../errors.ts';

/**
 * Isometries of ℝᵈ: `E(d)` all, `SE(d)` without reflections, `O(d)` and `SO(d)` those that fix the origin, `T(d)`
 * translations; d from 2 to 4.
 */
export type EuclideanGroupName = `${'E' | 'SE' | 'O' | 'SO' | 'T'}(${2 | 3 | 4})`;

export interface EuclideanGroup {
  readonly name: string;
  readonly dimension: number;
  readonly translations: boolean;
  /** 'none', 'proper' for determinant 1, 'all' with reflections. */
  readonly rotations: 'none' | 'proper' | 'all';
}

const FAMILIES: Readonly<Record<string, Pick<EuclideanGroup, 'translations' | 'rotations'>>> = {
  E: { translations: true, rotations: 'all' },
  SE: { translations: true, rotations: 'proper' },
  O: { translations: false, rotations: 'all' },
  SO: { translations: false, rotations: 'proper' },
  T: { translations: true, rotations: 'none' },
};

/** Throws `UnknownGroupError` for a name of no group here. */
export function euclideanGroup(op: string, name: string): EuclideanGroup {
  const [, family, digit] = String(name).match(/^(E|SE|O|SO|T)\(([2-4])\)$/) ?? [];
  if (family) return { name, dimension: Number(digit), ...FAMILIES[family] };
  const near = nearestName(String(name), [
    'E(2)',
    'E(3)',
    'SE(2)',
    'SE(3)',
    'O(2)',
    'O(3)',
    'SO(2)',
    'SO(3)',
    'T(2)',
    'T(3)',
  ]);
  throw new UnknownGroupError(
    `${op}: expected a group E(d), SE(d), O(d), SO(d) or T(d) with d from 2 to 4, got '${String(name)}'. ${near ? `Did you mean '${near}'?` : 'Write it as in SE(3).'}`,
  );
}
