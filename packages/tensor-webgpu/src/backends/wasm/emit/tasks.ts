import type { Callable, FunctionBuilder, ModuleBuilder } from '../assembler/index.ts';
import { setLarger, setSmaller } from '../contraction/ranges.ts';
import { BOARD } from '../threads/board.ts';

/** Parameters of work that can be cut: units [from, to), arena, table, thread. */
export const PART_PARAMS = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;

/** How work is cut: in so many units, of which a thread takes at most `grain` at once. */
export interface Cut {
  readonly units: number;
  readonly grain: number;
}

/** Looks at the board before a thread goes to sleep: some tens of microseconds. */
const SPINS = 8000;
const FOREVER = -1n;
/** Nanoseconds that the offering thread sleeps before it has the host look whether the others are still there. */
const WATCH = 1_000_000_000n;
const TIMED_OUT = 2;

/**
 * Work of a module that its threads share. The thread that runs the program offers one task at a time, takes units of it
 * itself, and goes on when the last is done; the others take what they come to. A thread that is late takes nothing and
 * delays nobody. How many units are taken at once depends on who is there, what a unit computes does not.
 */
export class Tasks {
  private readonly module: ModuleBuilder;
  private readonly bodies: FunctionBuilder[] = [];
  private readonly dispatch: FunctionBuilder;
  private readonly take: FunctionBuilder;
  private readonly offerTask: FunctionBuilder;

  /**
   * `lookout` is called by the offering thread when it has waited long, and throws when the others cannot go on. With `slow` it
   * leaves the first units to them for a while: for tests.
   */
  constructor(module: ModuleBuilder, lookout: Callable, slow: boolean) {
    this.module = module;
    this.dispatch = module.func('task', ['i32', ...PART_PARAMS]);
    this.take = emitTake(module, this.dispatch);
    this.offerTask = emitOffer(module, this.take, lookout, slow);
  }

  get count(): number {
    return this.bodies.length;
  }

  /** Emits the call that shares `units` of `body` among the threads; operands are locals. */
  emitShared(f: FunctionBuilder, body: FunctionBuilder, { units, grain }: Cut, arena: number, table: number): void {
    f.i32Const(this.bodies.push(body) - 1);
    f.i32Const(units);
    f.i32Const(grain);
    f.localGet(arena);
    f.localGet(table);
    f.call(this.offerTask);
  }

  /** Writes what depends on all tasks, and exports `help(thread, program)`, which a thread calls to take part. */
  finish(): void {
    this.emitDispatch(0, this.bodies.length);
    if (this.bodies.length > 0) this.module.export(emitHelp(this.module, this.take));
  }

  /** Calls the body of the task whose number is in [first, end). */
  private emitDispatch(first: number, end: number): void {
    const f = this.dispatch;
    if (end - first <= 1) {
      if (end === first) return;
      for (let i = 1; i <= PART_PARAMS.length; i++) f.localGet(i);
      f.call(this.bodies[first]);
      return;
    }
    const middle = (first + end) >> 1;
    f.localGet(0);
    f.i32Const(middle);
    f.i32LtU();
    f.if(
      () => this.emitDispatch(first, middle),
      () => this.emitDispatch(middle, end),
    );
  }
}

/** Pushes a word of the board. */
function load(f: FunctionBuilder, address: number): void {
  f.i32Const(0);
  f.i32AtomicLoad(address);
}

/** Writes a word of the board. */
function store(f: FunctionBuilder, address: number, push: () => void): void {
  f.i32Const(0);
  push();
  f.i32AtomicStore(address);
}

/** Emits `take(thread, task)`: runs units of that task until none is left or another task has come. */
function emitTake(module: ModuleBuilder, dispatch: FunctionBuilder): FunctionBuilder {
  const f = module.func('take', ['i32', 'i32']);
  const [thread, task] = [0, 1];
  const ticket = f.local('i64');
  const [left, count, first, own] = f.locals('i32', 4);
  f.localGet(thread);
  f.i32Const(BOARD.takenStride);
  f.i32Mul();
  f.localSet(own);
  const setTaken = (push: () => void): void => {
    f.localGet(own);
    push();
    f.i32AtomicStore(BOARD.taken);
  };
  f.block((end) => {
    f.repeat((again) => {
      f.i32Const(0);
      f.i64AtomicLoad(BOARD.ticket);
      f.localTee(ticket);
      f.i64Const(32n);
      f.i64ShrU();
      f.i32WrapI64();
      f.localGet(task);
      f.i32Ne();
      f.brIf(end);
      f.localGet(ticket);
      f.i32WrapI64();
      f.localTee(left);
      f.i32Eqz();
      f.brIf(end);
      // A fair share of half of what is left, up to the grain and from 1.
      f.localGet(left);
      load(f, BOARD.threads);
      f.i32Const(1);
      f.i32Shl();
      f.i32DivU();
      f.localSet(count);
      setSmaller(
        f,
        count,
        () => f.localGet(count),
        () => load(f, BOARD.grain),
      );
      setLarger(
        f,
        count,
        () => f.localGet(count),
        () => f.i32Const(1),
      );
      // What is on the board belongs to this task as long as the ticket says that units are left.
      load(f, BOARD.units);
      f.localGet(left);
      f.i32Sub();
      f.localSet(first);
      setTaken(() => f.localGet(count));
      f.i32Const(0);
      f.localGet(ticket);
      f.localGet(ticket);
      f.localGet(count);
      f.i64ExtendI32U();
      f.i64Sub();
      f.i64AtomicRmwCmpxchg(BOARD.ticket);
      f.localGet(ticket);
      f.i64Ne();
      f.if(() => {
        setTaken(() => f.i32Const(0));
        f.br(again);
      });
      load(f, BOARD.failed);
      f.i32Eqz();
      f.if(() => {
        load(f, BOARD.function);
        f.localGet(first);
        f.localGet(first);
        f.localGet(count);
        f.i32Add();
        load(f, BOARD.arena);
        load(f, BOARD.table);
        f.localGet(thread);
        f.call(dispatch);
      });
      f.localGet(thread);
      f.if(() => {
        f.i32Const(0);
        f.localGet(count);
        f.i32AtomicRmwAdd(BOARD.helped);
        f.drop();
      });
      f.i32Const(0);
      f.localGet(count);
      f.i32AtomicRmwAdd(BOARD.done);
      f.drop();
      setTaken(() => f.i32Const(0));
      load(f, BOARD.offererSleeps);
      f.if(() => {
        f.i32Const(0);
        f.i32Const(1);
        f.memoryAtomicNotify(BOARD.done);
        f.drop();
      });
      f.br(again);
    });
  });
  return f;
}

/** Emits `offer(function, units, grain, arena, table)`: puts a task on the board, takes part, and returns when all of it is done. */
function emitOffer(module: ModuleBuilder, take: FunctionBuilder, lookout: Callable, slow: boolean): FunctionBuilder {
  const f = module.func('offer', ['i32', 'i32', 'i32', 'i32', 'i32']);
  const [task, done, spins] = f.locals('i32', 3);
  [BOARD.function, BOARD.units, BOARD.grain, BOARD.arena, BOARD.table].forEach((address, i) => {
    store(f, address, () => f.localGet(i));
  });
  store(f, BOARD.done, () => f.i32Const(0));
  load(f, BOARD.task);
  f.i32Const(1);
  f.i32Add();
  f.localSet(task);
  f.i32Const(0);
  f.localGet(task);
  f.i64ExtendI32U();
  f.i64Const(32n);
  f.i64Shl();
  f.localGet(1);
  f.i64ExtendI32U();
  f.i64Or();
  f.i64AtomicStore(BOARD.ticket);
  load(f, BOARD.sleepers);
  f.if(() => {
    f.i32Const(0);
    f.i32Const(-1);
    f.memoryAtomicNotify(BOARD.task);
    f.drop();
  });
  if (slow) emitPause(f, spins);
  f.i32Const(0);
  f.localGet(task);
  f.call(take);
  f.block((all) => {
    f.repeat((again) => {
      load(f, BOARD.done);
      f.localTee(done);
      f.localGet(1);
      f.i32Eq();
      f.brIf(all);
      f.localGet(spins);
      f.i32Const(1);
      f.i32Add();
      f.localTee(spins);
      f.i32Const(SPINS);
      f.i32LtU();
      f.brIf(again);
      load(f, BOARD.maySleep);
      f.i32Eqz();
      f.brIf(again);
      store(f, BOARD.offererSleeps, () => f.i32Const(1));
      f.i32Const(0);
      f.localGet(done);
      f.i64Const(WATCH);
      f.memoryAtomicWait32(BOARD.done);
      store(f, BOARD.offererSleeps, () => f.i32Const(0));
      f.i32Const(TIMED_OUT);
      f.i32Eq();
      f.if(() => f.call(lookout));
      f.br(again);
    });
  });
  load(f, BOARD.failed);
  f.if(() => f.unreachable());
  return f;
}

/** Spins until a unit is done, for some ten microseconds at most. */
function emitPause(f: FunctionBuilder, spins: number): void {
  f.repeat((again) => {
    f.localGet(spins);
    f.i32Const(1);
    f.i32Add();
    f.localTee(spins);
    f.i32Const(SPINS / 4);
    f.i32LtU();
    load(f, BOARD.done);
    f.i32Eqz();
    f.i32And();
    f.brIf(again);
  });
}

/** Emits `help(thread, program)`: takes part in the tasks of a program until that has ended. */
function emitHelp(module: ModuleBuilder, take: FunctionBuilder): FunctionBuilder {
  const f = module.func('help', ['i32', 'i32']);
  const [thread, program] = [0, 1];
  const [task, seen, spins] = f.locals('i32', 3);
  f.i32Const(-1);
  f.localSet(seen);
  f.block((end) => {
    f.repeat((again) => {
      // The task first: when the program is still the same after it, so is the task's.
      load(f, BOARD.task);
      f.localSet(task);
      load(f, BOARD.program);
      f.localGet(program);
      f.i32Ne();
      f.brIf(end);
      f.localGet(thread);
      load(f, BOARD.threads);
      f.i32GeU();
      f.brIf(end);
      f.localGet(task);
      f.localGet(seen);
      f.i32Ne();
      f.if(() => {
        f.localGet(task);
        f.localSet(seen);
        f.localGet(thread);
        f.localGet(task);
        f.call(take);
        f.i32Const(0);
        f.localSet(spins);
        f.br(again);
      });
      f.localGet(spins);
      f.i32Const(1);
      f.i32Add();
      f.localTee(spins);
      f.i32Const(SPINS);
      f.i32LtU();
      f.brIf(again);
      f.i32Const(0);
      f.i32Const(1);
      f.i32AtomicRmwAdd(BOARD.sleepers);
      f.drop();
      f.i32Const(0);
      f.localGet(seen);
      f.i64Const(FOREVER);
      f.memoryAtomicWait32(BOARD.task);
      f.drop();
      f.i32Const(0);
      f.i32Const(1);
      f.i32AtomicRmwSub(BOARD.sleepers);
      f.drop();
      f.i32Const(0);
      f.localSet(spins);
      f.br(again);
    });
  });
  return f;
}
