import type { FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';

/** Emits `copy(target, source, bytes)` for multiples of 4 bytes; nothing is written past the end. */
export function emitCopyFunction(module: ModuleBuilder): FunctionBuilder {
  const f = module.func('copy', ['i32', 'i32', 'i32']);
  const [target, source, bytes] = [0, 1, 2];
  const run = (step: number, move: () => void): void => {
    f.block((done) => {
      f.repeat((again) => {
        f.localGet(bytes);
        f.i32Const(step);
        f.i32LtU();
        f.brIf(done);
        f.localGet(target);
        f.localGet(source);
        move();
        for (const [local, by] of [
          [target, step],
          [source, step],
          [bytes, -step],
        ]) {
          f.localGet(local);
          f.i32Const(by);
          f.i32Add();
          f.localSet(local);
        }
        f.br(again);
      });
    });
  };
  run(16, () => {
    f.v128Load(0, 4);
    f.v128Store(0, 4);
  });
  run(4, () => {
    f.i32Load();
    f.i32Store();
  });
  return f;
}
