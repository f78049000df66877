import { describe, expect, it } from 'vitest';
import '../../rewrites/index.ts';
import { fuse } from '../../fuse/fuse.ts';
import type { ContractionStage } from '../../kernels/form.ts';
import type { Program } from '../../program/program.ts';
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
