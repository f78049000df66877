import { nearestName } from '@flowfield/tensor-webgpu';
import { UnknownGroupError } from '../errors.ts';
import {
  affineGroup,
  alternatingGroup,
  cyclicGroup,
  dihedralGroup,
  directProduct,
  kleinGroup,
  symmetricGroup,
} from './families.ts';
import type { PermutationGroup } from './group.ts';

const FAMILIES: Readonly<Record<string, (n: number) => PermutationGroup>> = {
  C: cyclicGroup,
  D: dihedralGroup,
  S: symmetricGroup,
  A: alternatingGroup,
};

/**
 * The group of a name: `C5`, `D4`, `S6`, `A4` (cyclic, dihedral, symmetric, alternating on so many points), `V4` (Klein's), `AGL(1,5)`, and
 * products such as `S2 x S3`.
 * @throws UnknownGroupError for other names.
 */
export function groupNamed(name: string): PermutationGroup {
  const parts = String(name).split(/\s*[x×*]\s*/);
  const factors = parts.map((part) => factorNamed(name, part.replaceAll(' ', '')));
  return factors.length === 1 ? factors[0] : directProduct(...factors);
}

function factorNamed(name: string, part: string): PermutationGroup {
  if (part === 'V4') return kleinGroup();
  const affine = part.match(/^AGL\(1,(\d+)\)$/);
  if (affine) return affineGroup(Number(affine[1]));
  const family = part.match(/^([CDSA])([1-9]\d*)$/);
  if (family) return FAMILIES[family[1]](Number(family[2]));
  const near = nearestName(part, ['C4', 'D4', 'S4', 'A4', 'V4', 'AGL(1,5)']);
  throw new UnknownGroupError(
    `groupNamed: expected C, D, S or A with a number of points, V4, AGL(1,p), or a product such as 'S2 x S3'; got '${name}'. ${near ? `Did you mean '${near}'?` : 'Use one of these, or permutationGroup with generators.'}`,
  );
}
