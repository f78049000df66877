import { describe, expect, it } from 'vitest';
import * as ff from '../index.ts';

const { tensor } = ff;

/** Every way to ask for what a tensor already is. */
const nothings: Readonly<Record<string, (x: ff.Tensor) => ff.Tensor>> = {
  astype: (x) => x.astype('f32'),
  reshape: (x) => x.reshape([2, 3]),
  transpose: (x) => x.transpose([0, 1]),
  moveaxis: (x) => x.moveaxis(0, 0),
  swapaxes: (x) => x.swapaxes(1, 1),
  broadcastTo: (x) => x.broadcastTo([2, 3]),
  broadcastArrays: (x) => ff.broadcastArrays(x, 1)[0],
  squeeze: (x) => x.squeeze(),
  expandDims: (x) => ff.expandDims(x, []),
  flip: (x) => x.flip([]),
  roll: (x) => x.roll(0, 0),
  rollAround: (x) => x.roll([2, 3], [0, 1]),
  slice: (x) => x.slice(),
  at: (x) => x.at(),
  split: (x) => x.split([2, 0])[0],
  tile: (x) => x.tile([1, 1]),
  pad: (x) => x.pad(0),
  concat: (x) => ff.concat([x]),
  sum: (x) => x.sum({ axis: [] }),
  max: (x) => x.max({ axis: [] }),
  mean: (x) => x.mean({ axis: [] }),
  clip: (x) => x.clip(null, null),
  diff: (x) => ff.diff(x, { order: 0 }),
  where: (x) => ff.where(true, x, 0),
  tensor: (x) => tensor(x),
  to: (x) => x.to('cpu'),
  stopGradient: (x) => ff.stopGradient(x),
  jit: (x) => ff.jit((y: ff.Tensor) => y)(x),
  jitTwice: (x) => ff.jit((y: ff.Tensor) => [y, y])(x)[0],
  vmap: (x) => ff.vmap((y: ff.Tensor) => y)(x),
  checkpoint: (x) => ff.checkpoint((y: ff.Tensor) => y)(x),
  vjp: (x) => ff.vjp((y: ff.Tensor) => y, x)[0],
  grad: (x) => ff.grad((y: ff.Tensor) => y.mul(x).sum())(x),
  cond: (x) =>
    ff.cond(
      true,
      (y: ff.Tensor) => y,
      (y: ff.Tensor) => y,
      x,
    ),
  scan: (x) => ff.scan((c: ff.Tensor) => [c, null], x, null, { length: 0 })[0],
};

describe('a result that changes nothing', () => {
  it.each(Object.entries(nothings))('of %s is its own tensor', (_name, f) => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const before = x.toArray();
    f(x).dispose();
    expect(x.toArray()).toEqual(before);
    const result = f(x);
    x.dispose();
    expect(result.toArray()).toEqual(before);
  });

  it('does not end with its scope, nor end what it came from', () => {
    const x = tensor([1, 2]);
    const kept = ff.scope(() => {
      x.reshape([2]);
      return x.astype('f32');
    });
    expect([x.toArray(), kept.toArray()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});
