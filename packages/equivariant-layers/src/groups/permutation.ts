import { InvalidPermutationError } from '../errors.ts';

/** A permutation g of 0 … n - 1 as the list of its images: entry i is g(i). */
export type Permutation = readonly number[];

/** A copy of `given`; throws `InvalidPermutationError` unless it holds each of 0 … degree - 1 once. */
export function checkedPermutation(op: string, what: string, given: ArrayLike<number>, degree: number): number[] {
  // -0 is 0 here.
  const images = Array.from(given ?? [], (image) => (image === 0 ? 0 : image));
  const fault = faultOf(images, degree);
  if (fault === null) return images;
  throw new InvalidPermutationError(
    `${op}: ${what} is no permutation of 0 … ${degree - 1}: ${fault}, in [${images.join(', ')}]. Give the image of every point, each once.`,
  );
}

function faultOf(images: readonly number[], degree: number): string | null {
  if (images.length !== degree) return `expected ${degree} images, got ${images.length}`;
  const seen = new Set<number>();
  for (const image of images) {
    if (!Number.isInteger(image) || image < 0 || image >= degree) return `${String(image)} is out of range`;
    if (seen.has(image)) return `${image} occurs twice`;
    seen.add(image);
  }
  return null;
}

export const identityPermutation = (degree: number): number[] => Array.from({ length: degree }, (_, i) => i);

/** (g h)(i) = g(h(i)). */
export const composed = (g: Permutation, h: Permutation): number[] => h.map((image) => g[image]);

export function inversePermutation(g: Permutation): number[] {
  const inverse = new Array<number>(g.length);
  g.forEach((image, i) => {
    inverse[image] = i;
  });
  return inverse;
}

export const isIdentity = (g: Permutation): boolean => g.every((image, i) => image === i);

export const fixedPoints = (g: Permutation): number =>
  g.reduce((count, image, i) => (image === i ? count + 1 : count), 0);
