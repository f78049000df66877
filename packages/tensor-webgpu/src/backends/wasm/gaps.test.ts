import { expect, it } from 'vitest';
import { fuse } from '../../fuse/fuse.ts';
import { explain, grad, type Tensor } from '../../index.ts';
import { tensor } from '../../ops/creation.ts';
import { ModuleBuilder } from './assembler/index.ts';
import { emitProgram } from './emit/program.ts';
import { cpuTarget } from './target.ts';
import { checkProgram, f32, programOf } from './testing/against-reference.ts';

it('gaps between elements, as in the derivative of a strided convolution, are filled in without the host', () => {
  const program = programOf([f32(3, 5, 4)], (l, x) => [
    l.pad(x, [0, 1, 0], [0, 2, 0], 0, [0, 1, 2]),
    l.pad(x, [0, 0, 0], [0, 0, 3], 7, [1, 0, 1]),
  ]);
  expect(emitProgram(new ModuleBuilder(), fuse(program, cpuTarget), []).calls).toEqual([]);
  checkProgram(program);
  const slope = grad((x: Tensor) => x.slice([0, 5, 2]).square().sum());
  const x = tensor([1, 2, 3, 4, 5]);
  expect(slope(x).toArray()).toEqual([2, 0, 6, 0, 10]);
  expect(explain(slope)(x).kernels.map(({ kind }) => kind)).not.toContain('host');
});
