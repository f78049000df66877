import { BOARD } from './board.ts';
import { lost, trapped } from './failure.ts';
import { DESK, FAILURE_CHARACTERS, type Letter } from './source.ts';
import { type Helper, maySleep, startHelper, startWatch } from './workers.ts';

/** Work done alone, in nanoseconds, before threads are started: that takes some tens of milliseconds. */
const ALONE = 10_000_000;
/** Code taken from the threads, in bytes, after which they are ended: a thread that sleeps collects no garbage. */
const DROPPED = 64 * 1024 * 1024;
/** Milliseconds that whoever wants to wait for a thread waits. */
const PATIENCE = 20_000;
/** Milliseconds that lines have to tell that they are cut, once someone looks. */
const NEWS = 100;

/** A program that threads share. */
export interface SharedProgram {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly board: Int32Array;
  /** Threads that it was made for. */
  readonly threads: number;
  /** Bytes of its code. */
  readonly bytes: number;
  /** The threads that know it, and the letter that told them. */
  generation: number;
  letter: number;
}

let lastId = 0;

/** The threads of this process beside the one that calls. None starts before there was enough work for it. */
class Pool {
  private desk: Int32Array = new Int32Array(0);
  private text: Uint16Array = new Uint16Array(0);
  private helpers: Helper[] = [];
  private watch: Helper | null = null;
  /** Which helpers have ended, as far as the watch saw; entry 0 tells that it has begun. */
  private marks: Int32Array = new Int32Array(0);
  private letters = 0;
  private generation = 0;
  private work = 0;
  private dropped = 0;
  private busy = false;
  /** Why there are none, once one has failed. */
  trouble: string | null = null;

  /** Threads that stand beside this one. */
  get size(): number {
    return this.helpers.length;
  }

  program(module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number, bytes: number): SharedProgram {
    const board = new Int32Array(memory.buffer);
    return { id: ++lastId, module, memory, board, threads, bytes, generation: 0, letter: 0 };
  }

  /**
   * How many of `threads` can run a program now that has so many nanoseconds of work to share. Those still on their way are
   * not waited for, unless `wait` says so.
   */
  ready(program: SharedProgram, threads: number, work: number, wait: boolean): number {
    if (threads === 1 || this.busy || this.trouble !== null) return 1;
    if (this.helpers.length < threads - 1) {
      this.work += work;
      if (this.work < ALONE && !wait) return 1;
      this.start(threads - 1);
      if (this.trouble !== null) return 1;
    }
    if (program.generation !== this.generation) {
      program.generation = this.generation;
      const { id, module, memory } = program;
      program.letter = this.send((letter) => ({ kind: 'program', letter, id, module, memory }));
    }
    let count = 1;
    while (count < threads && this.hasRead(count, program.letter, wait)) count++;
    return count;
  }

  /** Runs `step` while `threads - 1` others take part. Throws what it throws, or what another thread met. */
  run({ board, id }: SharedProgram, threads: number, step: () => void): void {
    const { desk } = this;
    this.busy = true;
    board[BOARD.threads / 4] = threads;
    board[BOARD.maySleep / 4] = maySleep() ? 1 : 0;
    Atomics.store(board, BOARD.program / 4, id);
    Atomics.store(desk, DESK.program, id);
    Atomics.add(desk, DESK.turn, 1);
    if (Atomics.load(desk, DESK.sleepers) > 0) Atomics.notify(desk, DESK.turn);
    try {
      step();
    } catch (error) {
      this.settle(board, threads);
      if (this.endedAmong(threads)) this.end();
      if (Atomics.exchange(board, BOARD.failed / 4, 0) === 0) throw error;
      throw trapped(this.failure(), error);
    } finally {
      Atomics.store(desk, DESK.program, 0);
      Atomics.store(board, BOARD.program / 4, 0);
      Atomics.add(board, BOARD.task / 4, 1);
      if (Atomics.load(board, BOARD.sleepers / 4) > 0) Atomics.notify(board, BOARD.task / 4);
      this.busy = false;
    }
  }

  /** Takes a program from the threads. */
  drop(program: SharedProgram): void {
    if (program.generation !== this.generation || this.helpers.length === 0) return;
    program.generation = 0;
    this.dropped += program.bytes;
    if (this.dropped > DROPPED && !this.busy) this.end();
    else this.send((letter) => ({ kind: 'drop', letter, id: program.id }));
  }

  /** Ends all threads, and with them all that they hold. Others start when there is work for them. */
  end(): void {
    for (const helper of this.helpers) helper.end();
    this.helpers = [];
    this.watch?.end();
    this.watch = null;
    this.dropped = 0;
  }

  private start(count: number): void {
    this.end();
    const generation = ++this.generation;
    this.letters = 0;
    // New words for new threads: those that were ended may still write to the old ones.
    this.desk = new Int32Array(new SharedArrayBuffer(4 * DESK.words));
    this.text = new Uint16Array(new SharedArrayBuffer(2 * FAILURE_CHARACTERS));
    const fail = (why: string): void => {
      if (generation !== this.generation) return;
      this.end();
      this.trouble = why;
    };
    try {
      for (let thread = 1; thread <= count; thread++) {
        const helper = startHelper(fail, () => {
          if (generation === this.generation) this.end();
        });
        this.helpers.push(helper);
        helper.post({ kind: 'begin', letter: 0, thread, desk: this.desk.buffer, text: this.text.buffer });
      }
    } catch (error) {
      fail(`no worker could be started (${String(error)})`);
    }
  }

  /**
   * For a thread that has waited long for others in the middle of a program: whether they are still there. Throws `ProgramError` when
   * one has ended with work that it had taken; whoever is only slow is waited for.
   */
  lookOut(board: Int32Array): void {
    if (!this.hasWatch()) return;
    const threads = board[BOARD.threads / 4];
    let work = 0;
    for (let thread = 1; thread < threads; thread++) {
      if (this.hasEnded(thread)) work += Atomics.exchange(board, takenBy(thread), 0);
    }
    if (work > 0) throw lost();
  }

  /** Takes a task from the board whose offerer cannot go on, and waits until nobody who still lives works on it. */
  private settle(board: Int32Array, threads: number): void {
    const ticket = new BigInt64Array(board.buffer, BOARD.ticket, 1);
    const task = Atomics.load(board, BOARD.task / 4) + 1;
    Atomics.store(ticket, 0, BigInt(task) << 32n);
    Atomics.store(board, takenBy(0), 0);
    const patient = performance.now() + NEWS;
    for (let thread = 1; thread < threads; thread++) {
      const own = takenBy(thread);
      while (Atomics.load(board, own) !== 0) {
        if (performance.now() < patient || !this.hasWatch()) continue;
        if (this.hasEnded(thread)) Atomics.store(board, own, 0);
        else Atomics.wait(board, own, Atomics.load(board, own), 1);
      }
    }
    Atomics.store(board, BOARD.offererSleeps / 4, 0);
  }

  /** Whether someone sees who of the helpers ends: started when first asked for, and none in a page. */
  private hasWatch(): boolean {
    if (this.watch) return true;
    const lines = this.helpers.flatMap(({ line }) => line ?? []);
    if (lines.length === 0) return false;
    this.marks = new Int32Array(new SharedArrayBuffer(4 * (lines.length + 1)));
    this.watch = startWatch(lines, this.marks);
    Atomics.wait(this.marks, 0, 0, PATIENCE);
    Atomics.wait(this.marks, 0, 1, NEWS);
    return true;
  }

  private hasEnded(thread: number): boolean {
    return this.watch !== null && Atomics.load(this.marks, thread) === 1;
  }

  private endedAmong(threads: number): boolean {
    for (let thread = 1; thread < threads; thread++) if (this.hasEnded(thread)) return true;
    return false;
  }

  /** Sends a letter to every thread; returns its number. */
  private send(write: (number: number) => Letter): number {
    const { desk } = this;
    const number = ++this.letters;
    const letter = write(number);
    // A thread that gets the letter must find it counted, or it would wait for one more.
    Atomics.store(desk, DESK.letters, number);
    for (const helper of this.helpers) helper.post(letter);
    Atomics.add(desk, DESK.turn, 1);
    Atomics.notify(desk, DESK.turn);
    return number;
  }

  private hasRead(thread: number, letter: number, wait: boolean): boolean {
    const at = DESK.read + thread;
    const end = wait ? performance.now() + PATIENCE : 0;
    for (;;) {
      const read = Atomics.load(this.desk, at);
      if (read >= letter) return true;
      if (!wait) return false;
      Atomics.wait(this.desk, at, read, PATIENCE);
      if (performance.now() < end) continue;
      this.end();
      this.trouble = `a thread was not there after ${PATIENCE / 1000} seconds`;
      return false;
    }
  }

  /** What the thread that failed first said. */
  private failure(): string {
    const { desk } = this;
    const length = Atomics.load(desk, DESK.failureLength);
    Atomics.store(desk, DESK.failure, 0);
    return String.fromCharCode(...this.text.subarray(0, length));
  }
}

/** Where the board says how many units a thread has taken and not done. */
const takenBy = (thread: number): number => (BOARD.taken + thread * BOARD.takenStride) / 4;

export const pool = new Pool();
