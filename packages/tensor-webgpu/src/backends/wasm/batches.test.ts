import { describe, expect, it } from 'vitest';
import '../../rewrites/index.ts';
import { fuse } from '../../fuse/fuse.ts';
import type { ContractionStage } from '../../kernels/form.ts';
import type { Program } from '../../program/program.ts';
import { sizeOf } from '../../shape/shape.ts';
import { cpuDevice } from './device.ts';
import { cpuTarget } from './target.ts';
import { type Build, checkProgram, f32, programOf } from './testing/against-reference.ts';

const [images, places, depth, channels] = [3, 130, 7, 5];
const patches = f32(images, depth, places);

function productsOf(program: Program): ContractionStage[] {
  const stages = fuse(program, cpuTarget).groups.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === 'rows' ? part.stages : [])),
  );
  return stages.filter((stage) => stage.kind === 'contraction');
}

const cases: Record<string, { avals: (typeof patches)[]; build: Build }> = {
  'weights times patches, image by image': {
    avals: [f32(channels, depth), patches],
    build: (l, w, p) => [l.transpose(l.dotGeneral(w, p, { contract: [[1], [1]], batch: [[], []] }), [1, 0, 2])],
  },
  'patches times weights': {
    avals: [patches, f32(depth, channels)],
    build: (l, p, w) => [l.dotGeneral(p, w, { contract: [[1], [0]], batch: [[], []] })],
  },
  'slopes times patches, summed over images and places': {
    avals: [f32(images, channels, places), patches],
    build: (l, g, p) => [
      l.dotGeneral(g, p, {
        contract: [
          [0, 2],
          [0, 2],
        ],
        batch: [[], []],
      }),
    ],
  },
};

describe('products over places of many images', () => {
  for (const [name, { avals, build }] of Object.entries(cases)) {
    it(`are a batch without copies: ${name}`, () => {
      const program = programOf(avals, build);
      const products = productsOf(program);
      expect(products.map(({ batch }) => batch)).toEqual([images]);
      for (const { lhs, rhs } of products)
        for (const side of [lhs, rhs]) expect(program.inputs).toContain(side.kind === 'memory' && side.variable);
      checkProgram(program);
    });
  }

  it('stay one product over few places', () => {
    const few = f32(images, depth, 49);
    const program = programOf([f32(channels, depth), few], cases['weights times patches, image by image'].build);
    expect(productsOf(program).map(({ batch }) => batch)).toEqual([1]);
    checkProgram(program);
  });

  it('are summed over images no worse than one long sum', () => {
    const many = f32(64, 2, 150);
    const program = programOf([many, many], cases['slopes times patches, summed over images and places'].build);
    const equal = new Float32Array(64 * 2 * 150).fill(Math.fround(0.1));
    checkProgram(program, 4e-7, [equal, equal]);
  });
});

describe('patches of images', () => {
  const [sides, count] = [14, 16];
  const image = f32(count, 4, sides, sides);
  const program = programOf([image, f32(6, 36), f32(count, 6, 144)], (l, x, w, g) => {
    const taps = [0, 1, 2].flatMap((i) =>
      [0, 1, 2].map((j) => l.reshape(l.slice(x, [0, 0, i, j], [count, 4, i + 12, j + 12]), [count, 4, 1, 12, 12])),
    );
    const patch = l.reshape(l.concat(taps, 2), [count, 36, 144]);
    const product = l.dotGeneral(w, patch, { contract: [[1], [1]], batch: [[], []] });
    const slopes = l.mul(g, l.transpose(product, [1, 0, 2]));
    return [
      product,
      l.dotGeneral(slopes, patch, {
        contract: [
          [0, 2],
          [0, 2],
        ],
        batch: [[], []],
      }),
    ];
  });

  it('are put together for each product that reads them, image by image', () => {
    const { groups } = fuse(program, cpuTarget);
    const makers = groups.flatMap(({ parts }) =>
      parts.filter(({ writes }) => writes.some(({ shape }) => sizeOf(shape) === count * 36 * 144)),
    );
    expect(makers.length).toBeGreaterThan(0);
    for (const part of makers) {
      expect(part.kind === 'rows' && part.rows).toBe(count);
      expect(part.kind === 'rows' && part.stages.some(({ kind }) => kind === 'contraction')).toBe(true);
    }
    checkProgram(program);
  });

  it('take no memory of their own', () => {
    const executable = cpuDevice({ threads: 1 }).compile(program);
    expect(executable.report.arenaBytes).toBeLessThan(count * 36 * 144 * 4);
  });
});
