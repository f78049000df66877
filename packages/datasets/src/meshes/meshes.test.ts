import { readFileSync } from 'node:fs';
import { dataPath, hasData, noDataReason } from '@flowfield/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MeshError,
  MeshFileError,
  MeshFormatError,
  MeshIndexError,
  MeshLengthError,
  MeshValueError,
  parseObj,
  sampleSurface,
  surfaceMoments,
  type TriangleMesh,
  triangleAreas,
} from '../index.ts';

const CUBE = `v -1 -1 -1\nv 1 -1 -1\nv 1 1 -1\nv -1 1 -1\nv -1 -1 1\nv 1 -1 1\nv 1 1 1\nv -1 1 1
f 1 4 3 2\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n`;
const total = (list: ArrayLike<number>): number => Array.from(list).reduce((sum, one) => sum + one, 0);
const area = (text: string): number => total(triangleAreas(parseObj(text)));

/** Σ a · (b x c) / 6 over the triangles. */
function volume({ positions, faces }: TriangleMesh): number {
  const point = (corner: number): number[] => [...positions.subarray(3 * faces[corner]!, 3 * faces[corner]! + 3)];
  return total(
    Array.from({ length: faces.length / 3 }, (_, face) => {
      const [a, b, c] = [0, 1, 2].map((corner) => point(3 * face + corner)) as [number[], number[], number[]];
      const cross = [b[1]! * c[2]! - b[2]! * c[1]!, b[2]! * c[0]! - b[0]! * c[2]!, b[0]! * c[1]! - b[1]! * c[0]!];
      return total(a.map((value, axis) => value * cross[axis]!)) / 6;
    }),
  );
}

function euler({ positions, faces }: TriangleMesh): number {
  const edges = new Set<string>();
  for (let i = 0; i < faces.length; i += 3) {
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const) {
      edges.add([faces[i + a]!, faces[i + b]!].sort((x, y) => x - y).join());
    }
  }
  return positions.length / 3 - edges.size + faces.length / 3;
}

function problem(text: string | Uint8Array): MeshFileError {
  try {
    parseObj(text, { file: 'own.obj' });
  } catch (error) {
    if (error instanceof MeshFileError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('parseObj', () => {
  test('negative indices count backwards from where they stand', () => {
    const half = (at: number) => `v ${at} 0 0\nv ${at + 1} 0 0\nv ${at} 1 0\nf -3 -2 -1\n`;
    const mesh = parseObj(half(0) + half(5));
    expect(mesh.positions).toHaveLength(18);
    expect([...mesh.faces]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...mesh.polygons]).toEqual([0, 1]);
  });

  test('texture points and normals are counted apart from vertices', () => {
    const mesh = parseObj(
      'v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nvt .5 .5\nvn 0 0 1\nf 1/4/-1 2/-3/1 3/3/1\nf -1//1 -2//1 -3//1\nf 1/1 2/2 3/3\n',
    );
    expect(mesh.positions).toHaveLength(9);
    expect([...mesh.faces]).toEqual([0, 1, 2, 2, 1, 0, 0, 1, 2]);
    expect([...mesh.textureFaces!]).toEqual([3, 1, 2, -1, -1, -1, 0, 1, 2]);
    expect([...mesh.normalFaces!]).toEqual([0, 0, 0, 0, 0, 0, -1, -1, -1]);
    expect([...mesh.normals]).toEqual([0, 0, 1]);
    expect([...mesh.texturePoints.subarray(6)]).toEqual([0.5, 0.5]);
    const plain = parseObj('v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3');
    expect(plain.textureFaces).toBeNull();
    expect(plain.normalFaces).toBeNull();
  });

  test('seams of texture do not double vertices: a cube stays closed', () => {
    const points = Array.from({ length: 14 }, (_, i) => `vt ${i / 14} 0`).join('\n');
    const seams = CUBE.replace(/f (.*)/g, (_, face: string) => `f ${face.replace(/(\d)/g, '$1/$1')}`);
    for (const text of [CUBE, seams.replace('f ', `${points}\nf `)]) {
      const mesh = parseObj(text);
      expect([mesh.positions.length / 3, mesh.faces.length / 3, euler(mesh)]).toEqual([8, 12, 2]);
      expect(volume(mesh)).toBeCloseTo(8, 14);
      expect(surfaceMoments(mesh).area).toBeCloseTo(24, 13);
    }
  });

  test('polygons that are not convex are cut inside, with the turn of the file', () => {
    const quad = 'v 4 0 0\nv 1 1 0\nv 0 4 0\nv 0 0 0\n';
    expect(area(`${quad}f 1 2 3 4`)).toBeCloseTo(4, 14);
    expect(area(`${quad}f 4 3 2 1`)).toBeCloseTo(4, 14);
    const pentagon = 'v 0 0 0\nv 2 0 0\nv 3 1 0\nv 1 3 0\nv -1 1 0\nf 1 2 3 4 5';
    expect(parseObj(pentagon).faces).toHaveLength(9);
    expect(area(pentagon)).toBeCloseTo(7, 14);
    // An L with a corner in the middle of a side, and standing in space.
    const corner = (x: number, y: number) => `v ${x} ${2 * x + 1} ${y}\n`;
    const outline: [number, number][] = [
      [0, 0],
      [1, 0],
      [2, 0],
      [2, 1],
      [1, 1],
      [1, 2],
      [0, 2],
    ];
    const wall = outline.map(([x, y]) => corner(x, y)).join('');
    const mesh = parseObj(`${wall}f 1 2 3 4 5 6 7\nf 7 6 5 4 3 2 1\n`);
    expect(mesh.faces).toHaveLength(2 * 5 * 3);
    expect(surfaceMoments(mesh).area).toBeCloseTo(2 * 3 * Math.sqrt(5), 13);
    expect(Math.abs(volume(mesh))).toBeLessThan(1e-14);
  });

  test('every star-shaped outline keeps its area, whichever way it turns', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 3, maxLength: 12 }),
        fc.boolean(),
        (radii, reversed) => {
          const n = radii.length;
          const at = radii.map((r, i) => [r * Math.cos((2 * Math.PI * i) / n), r * Math.sin((2 * Math.PI * i) / n)]);
          const shoelace = total(at.map(([x, y], i) => (x! * at[(i + 1) % n]![1]! - at[(i + 1) % n]![0]! * y!) / 2));
          const order = at.map((_, i) => (reversed ? n - i : i + 1)).join(' ');
          const mesh = parseObj(`${at.map(([x, y]) => `v 0 ${x} ${y}`).join('\n')}\nf ${order}\n`);
          expect(mesh.faces).toHaveLength(3 * (n - 2));
          expect(surfaceMoments(mesh).area).toBeCloseTo(shoelace, 10);
        },
      ),
    );
  });

  test('files as programs write them: comments, blank lines, CRLF, byte-order mark, continued lines, colors, groups', () => {
    const text =
      '\uFEFF# Exported\r\nmtllib a.mtl\r\no thing\r\ng one two\r\nv 0 0 0 1 .5 0 # red\r\n\tv 1 0 0 0 1 0\r\nv 0 1e0 -0.0 0 0 1\r\n\r\nusemtl #3\r\ns off\r\nf 1 2 \\\r\n3\r\nl 1 2\r\np 1\r\n';
    const mesh = parseObj(text);
    expect([...mesh.positions].map(Math.abs)).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
    expect([...mesh.colors!]).toEqual([1, 0.5, 0, 0, 1, 0, 0, 0, 1]);
    expect([...mesh.faces]).toEqual([0, 1, 2]);
    expect(parseObj(new TextEncoder().encode(text))).toEqual(mesh);
    const wide = Uint8Array.from([...text].flatMap((char) => [char.charCodeAt(0) & 255, char.charCodeAt(0) >> 8]));
    expect(parseObj(wide)).toEqual(mesh);
    expect(parseObj('v 0 0 0 1\nv 1 1 1').colors).toBeNull();
    expect([...parseObj('v 1. 0 0\nv +.5 1.e0 -1E-1\nv 0 1 0\nf 1// 2/ 3').positions]).toEqual([
      1, 0, 0, 0.5, 1, -0.1, 0, 1, 0,
    ]);
  });

  test('faces may come before their vertices, and a cloud has none', () => {
    expect([...parseObj('f 1 2 3\nv 0 0 0\nv 1 0 0\nv 0 1 0\n').faces]).toEqual([0, 1, 2]);
    expect(parseObj('v 0 0 0').faces).toHaveLength(0);
  });

  test.each([
    ['v 0 0 0\nv 1 0 0\nf 1 2 3', MeshIndexError, 3, /vertices 1 to 2, given vertex 3/],
    ['v 0 0 0\nf 0 0 0', MeshIndexError, 2, /count from 1/],
    ['v 0 0 0\nf -1 -2 -1', MeshIndexError, 2, /from -1 to -1/],
    ['v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1/1 2/2 3/3', MeshIndexError, 4, /no texture points/],
    ['v 0 0 0\nf 1 1', MeshLengthError, 2, /at least 3 corners/],
    ['v 0 0', MeshLengthError, 1, /3, 4, 6, 7 numbers of a vertex/],
    ['v 0 0 nan', MeshValueError, 1, /"nan"/],
    ['v 0 0 0\nv 0 1e999 0', MeshValueError, 2, /1e999/],
    ['v 0,1 0 0', MeshValueError, 1, /with a point/],
    ['v 0x1 0 0', MeshValueError, 1, /0x1/],
    ['v 0 0 0\nf 1.5 1 1', MeshValueError, 2, /1\.5/],
    ['v 0 0 0\nf 1/1/1/1 1 1', MeshValueError, 2, /1\/1\/1\/1/],
    ['ply\nformat ascii 1.0', MeshFormatError, 1, /"ply"/],
    ['v 0 0 0\ncstype bspline', MeshFormatError, 2, /surface by a formula/],
    ['', MeshFormatError, 0, /at least one vertex/],
    ['# nothing\n', MeshFormatError, 0, /at least one vertex/],
  ])('%j is refused with its line', (text, kind, line, message) => {
    const error = problem(text);
    expect(error).toBeInstanceOf(kind);
    expect(error.line).toBe(line);
    expect(error.file).toBe('own.obj');
    expect(error.message).toMatch(message);
    expect(error.remedy).not.toBe('');
  });

  test('the meshes of the benchmarks', (context) => {
    if (!hasData()) return context.skip(noDataReason);
    const known = {
      'spot.obj': [2930, 5856, 2],
      'rocker-arm.obj': [10044, 20088, 0],
      'stanford-bunny.obj': [35947, 69451, null],
      'bunny_simp.obj': [2502, 5000, 2],
      'maze_3x3.obj': [801, 1408, null],
      'maze_4x4.obj': [1431, 2528, null],
    } as const;
    for (const [name, [vertices, faces, characteristic]] of Object.entries(known)) {
      const mesh = parseObj(readFileSync(dataPath(`meshes/${name}`)), { file: name });
      expect([mesh.positions.length / 3, mesh.faces.length / 3], name).toEqual([vertices, faces]);
      if (characteristic !== null) {
        expect(euler(mesh), name).toBe(characteristic);
        expect(volume(mesh), name).toBeGreaterThan(0);
      }
      expect(surfaceMoments(mesh).area, name).toBeGreaterThan(0);
    }
  });
});

describe('surfaces', () => {
  const square: TriangleMesh = {
    positions: Float64Array.of(0, 0, 0, 2, 0, 0, 2, 2, 0, 0, 2, 0),
    faces: Int32Array.of(0, 1, 2, 0, 2, 3),
  };

  test('moments are integrals over the surface, however it is cut', () => {
    const { area: size, centroid, rmsRadius } = surfaceMoments(square);
    expect([size, ...centroid]).toEqual([4, 1, 1, 0]);
    // E (x² + y²) on [-1, 1]² is 2/3.
    expect(rmsRadius).toBeCloseTo(Math.sqrt(2 / 3), 14);
    const fine = { ...square, faces: Int32Array.of(0, 1, 2, 0, 2, 3, 0, 0, 1) };
    expect(surfaceMoments(fine)).toEqual(surfaceMoments(square));
    const sphere = parseObj(CUBE);
    expect(surfaceMoments(sphere).rmsRadius).toBeCloseTo(Math.sqrt(1 + 2 / 3), 14);
    expect(surfaceMoments({ ...square, faces: new Int32Array() }).rmsRadius).toBeNaN();
  });

  test('samples are uniform by area', () => {
    // Two triangles of area 3 and 1, and one without area between them.
    const mesh = {
      positions: Float64Array.of(0, 0, 0, 3, 0, 0, 0, 2, 0, 5, 0, 0, 6, 0, 0, 5, 2, 0),
      faces: Int32Array.of(0, 1, 2, 0, 0, 1, 3, 4, 5),
    };
    const count = 40_000;
    const { points, faces, weights } = sampleSurface(mesh, count, { seed: 3 });
    const share = faces.filter((face) => face === 0).length / count;
    expect(Math.abs(share - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / count));
    expect(faces).not.toContain(1);
    // In a triangle each weight has mean 1/3 and mean square 1/6.
    for (const corner of [0, 1, 2]) {
      const own = Array.from({ length: count }, (_, i) => weights[3 * i + corner]!);
      expect(total(own) / count).toBeCloseTo(1 / 3, 2);
      expect(total(own.map((w) => w * w)) / count).toBeCloseTo(1 / 6, 2);
    }
    for (let i = 0; i < 200; i++) {
      const own = weights.subarray(3 * i, 3 * i + 3);
      expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
      expect(total(own)).toBeCloseTo(1, 14);
      for (const axis of [0, 1]) {
        const mixed = total(
          [0, 1, 2].map((corner) => own[corner]! * mesh.positions[3 * mesh.faces[3 * faces[i]! + corner]! + axis]!),
        );
        expect(points[3 * i + axis]).toBeCloseTo(mixed, 14);
      }
    }
  });

  test('a seed is one list of points, and a shorter list is its beginning', () => {
    const all = sampleSurface(square, 50, { seed: 7 });
    expect(sampleSurface(square, 50, { seed: 7 })).toEqual(all);
    expect(sampleSurface(square, 20, { seed: 7 }).points).toEqual(all.points.slice(0, 60));
    expect(sampleSurface(square, 50, { seed: 8 }).points).not.toEqual(all.points);
    expect(sampleSurface(square, 50).points).toEqual(sampleSurface(square, 50, { seed: 0 }).points);
    expect(sampleSurface(square, 0).points).toHaveLength(0);
  });

  test('bad calls are named', () => {
    expect(() => sampleSurface(square, 1.5)).toThrow(MeshError);
    expect(() => sampleSurface(square, 3, { seed: -1 })).toThrow(/seed/);
    expect(() => sampleSurface({ ...square, faces: new Int32Array() }, 3)).toThrow(/area to draw from/);
    expect(() => sampleSurface({ ...square, faces: Int32Array.of(0, 0, 1) }, 3)).toThrow(/area to draw from/);
    expect(() => triangleAreas({ ...square, faces: Int32Array.of(0, 1, 4) })).toThrow(/vertices 0 to 3, given 4/);
    expect(() => surfaceMoments({ ...square, positions: Float64Array.of(0, 0, Number.NaN) })).toThrow(/vertex 0/);
    expect(() => triangleAreas({ positions: Float64Array.of(1), faces: new Int32Array() })).toThrow(/flat lists/);
    expect(() => triangleAreas(null as never)).toThrow(MeshError);
  });
});
