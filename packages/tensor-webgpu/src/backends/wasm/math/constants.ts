import type { FunctionBuilder } from '../assembler/index.ts';

/**
 * Vector constants of one function. A constant that was preloaded ahead of a loop is read from its local; any other is
 * written where it is used, which an engine loads again on every turn.
 */
export class Constants {
  private readonly preloaded = new Map<string, number>();
  private readonly seen = new Map<string, Uint8Array>();

  /** Leaves the constant on the stack. */
  push(f: FunctionBuilder, bytes: Uint8Array): void {
    const key = bytes.join();
    this.seen.set(key, bytes);
    const local = this.preloaded.get(key);
    if (local === undefined) f.v128Const(bytes);
    else f.localGet(local);
  }

  /** Fills locals of `f` with every constant that `used` has met. */
  preload(f: FunctionBuilder, used: Constants): void {
    for (const [key, bytes] of used.seen) {
      if (this.preloaded.has(key)) continue;
      const local = f.local('v128');
      f.v128Const(bytes);
      f.localSet(local);
      this.preloaded.set(key, local);
    }
  }

  /** Gives the locals of preloaded constants back. */
  release(f: FunctionBuilder): void {
    f.release(...this.preloaded.values());
    this.preloaded.clear();
  }
}
