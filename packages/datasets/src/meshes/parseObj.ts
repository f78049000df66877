import { ofType } from '../arguments/checks.ts';
import { checkedTextOrBytes, type FileBytes } from '../arguments/contents.ts';
import { checkedOptions } from '../arguments/options.ts';
import { decodeText } from '../places/decodeText.ts';
import { MeshFormatError } from './meshErrors.ts';
import { checkCorners, cornersOf, type Lists, numbersOf } from './objStatements.ts';
import { trianglesOf } from './polygon.ts';
import type { TriangleMesh } from './triangleMesh.ts';

/** What {@link parseObj} returns. */
export interface ObjMesh extends TriangleMesh {
  /** Red, green and blue of each vertex as the file writes them, [vertices, 3]; `null` unless every vertex has them. */
  readonly colors: Float64Array | null;
  /** Texture points (u, v), [texture points, 2]; empty without any. */
  readonly texturePoints: Float64Array;
  /** The texture points of the corners of each triangle, -1 for none, [triangles, 3]; `null` where no corner has one. */
  readonly textureFaces: Int32Array | null;
  /** Normals as the file writes them, [normals, 3]; empty without any. */
  readonly normals: Float64Array;
  /** The normals of the corners of each triangle, -1 for none, [triangles, 3]; `null` where no corner has one. */
  readonly normalFaces: Int32Array | null;
  /** The polygon of the file that each triangle is part of, counted from 0. [triangles] */
  readonly polygons: Int32Array;
}

export interface ObjOptions {
  /** Name of the file in error messages. */
  readonly file?: string;
}

/** Statements that say how a mesh looks or is grouped, and elements that are not faces; they are passed over. */
const PASSED_OVER = new Set(
  'l p g s o mg mtllib maplib usemtl usemap bevel c_interp d_interp lod shadow_obj trace_obj vp'.split(' '),
);
/** Surfaces by formulas, which have no triangles. */
const FREE_FORM = new Set(
  'cstype deg bmat step curv curv2 surf parm trim hole scrv sp end con ctech stech bzp bsp cdc cdp res call csh'.split(
    ' ',
  ),
);
/** How many numbers a statement may have. */
const NUMBERS = {
  v: { counts: [3, 4, 6, 7], what: 'a vertex, x y z with a weight or a color behind them' },
  vt: { counts: [1, 2, 3], what: 'a texture point, u v' },
  vn: { counts: [3], what: 'a normal, x y z' },
} as const;

/**
 * Reads a Wavefront OBJ file: vertices, texture points, normals, and faces cut into triangles. Indices count from 1, or from -1 backwards from where they stand; texture
 * points and normals have numbers of their own, so that seams do not double vertices. Polygons that are not convex are cut inside. Materials, groups, lines and points are passed
 * over. A file without faces is a cloud of points.
 *
 * @throws MeshFormatError for statements that the format does not have, free-form surfaces, and files without vertices; MeshValueError for words that are no
 *   finite numbers; MeshLengthError for too few numbers or corners; MeshIndexError for corners that are not there;
 *   DataArgumentError for arguments of another kind
 */
export function parseObj(content: string | FileBytes, options: ObjOptions = {}): ObjMesh {
  const { file = 'mesh.obj' } = checkedOptions('parseObj', options, { file: ofType('string') });
  const read = checkedTextOrBytes('parseObj', content);
  const text = typeof read === 'string' ? read : decodeText(read, file);
  const lists: Lists = { v: [], vt: [], vn: [] };
  const colors: number[] = [];
  const polygons: { line: number; corners: Int32Array }[] = [];
  let colored = true;
  for (const { line, words } of statements(text)) {
    const [keyword, ...rest] = words as [string, ...string[]];
    if (keyword === 'v' || keyword === 'vt' || keyword === 'vn') {
      const numbers = numbersOf(file, line, rest, NUMBERS[keyword]);
      if (keyword === 'vt') lists.vt.push(numbers[0] as number, numbers[1] ?? 0);
      else lists[keyword].push(...numbers.slice(0, 3));
      if (keyword !== 'v') continue;
      if (numbers.length < 6) colored = false;
      else colors.push(...numbers.slice(3, 6));
    } else if (keyword === 'f' || keyword === 'fo') {
      polygons.push({ line, corners: cornersOf(file, line, rest, lists) });
    } else if (!PASSED_OVER.has(keyword)) {
      const free = FREE_FORM.has(keyword);
      throw new MeshFormatError({
        file,
        line,
        expected: free ? 'vertices and faces' : 'a statement of an OBJ file, such as v, vt, vn or f',
        given: `${JSON.stringify(keyword.slice(0, 40))}${free ? ', a surface by a formula' : ''}`,
        remedy: free
          ? 'Convert the surface to triangles first.'
          : 'Check that this is an OBJ file, and that no line is broken.',
      });
    }
  }
  if (lists.v.length === 0) {
    throw new MeshFormatError({
      file,
      line: 0,
      expected: 'at least one vertex',
      given: 'none',
      remedy: 'The file is empty or cut, or of another format.',
    });
  }
  return { ...cut(file, polygons, lists), colors: colored ? Float64Array.from(colors) : null };
}

/** Lines with their numbers as words, without comments; a line that ends in a backslash goes on in the next. */
function* statements(text: string): Generator<{ line: number; words: string[] }> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let whole = (lines[at] as string).replace(/#.*/, '');
    while (/\\\s*$/.test(whole) && at + 1 < lines.length) {
      at++;
      whole = `${whole.replace(/\\\s*$/, ' ')}${(lines[at] as string).replace(/#.*/, '')}`;
    }
    const trimmed = whole.trim();
    if (trimmed !== '') yield { line, words: trimmed.split(/\s+/) };
  }
}

/** Polygons as triangles of vertices, texture points and normals. */
function cut(
  file: string,
  polygons: readonly { line: number; corners: Int32Array }[],
  { v, vt, vn }: Lists,
): Omit<ObjMesh, 'colors'> {
  const parts: [number[], number[], number[]] = [[], [], []];
  const origin: number[] = [];
  polygons.forEach(({ line, corners }, polygon) => {
    checkCorners(file, line, corners, { v, vt, vn });
    const points = Array.from({ length: corners.length / 3 }, (_, i): readonly [number, number, number] => {
      const from = 3 * (corners[3 * i] as number);
      return [v[from] as number, v[from + 1] as number, v[from + 2] as number];
    });
    const triangles = trianglesOf(points);
    for (const corner of triangles) parts.forEach((part, kind) => part.push(corners[3 * corner + kind] as number));
    for (let i = 0; i < triangles.length; i += 3) origin.push(polygon);
  });
  const [faces, texture, normal] = parts.map((part) => Int32Array.from(part)) as [Int32Array, Int32Array, Int32Array];
  const used = (part: Int32Array): Int32Array | null => (part.some((index) => index >= 0) ? part : null);
  return {
    positions: Float64Array.from(v),
    faces,
    texturePoints: Float64Array.from(vt),
    textureFaces: used(texture),
    normals: Float64Array.from(vn),
    normalFaces: used(normal),
    polygons: Int32Array.from(origin),
  };
}
