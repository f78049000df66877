import { BOARD } from './board.ts';

/** Words of 32 bits that the pool shares with its workers, beside the board of each memory. */
export const DESK = {
  /** Changes when a program begins and when there is mail. */
  turn: 0,
  /** The program that runs; 0 for none. */
  program: 1,
  /** Letters sent so far. */
  letters: 2,
  /** Workers that sleep until the next turn. */
  sleepers: 3,
  /** 0, 1 while a worker writes what went wrong, 2 when that stands there. */
  failure: 4,
  failureLength: 5,
  /** For each worker, the letters it has dealt with. */
  read: 16,
  words: 16 + 64,
} as const;

export const FAILURE_CHARACTERS = 1000;

/** What a worker is told. */
export type Letter =
  | {
      readonly kind: 'program';
      readonly letter: number;
      readonly id: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
    }
  | { readonly kind: 'drop'; readonly letter: number; readonly id: number };

/** Microseconds that a worker looks out for the next program before it sleeps. */
const WATCH = 40;

/**
 * The script of a worker, which imports nothing, so that it runs from source, from a build and from a bundle. A worker waits
 * for a program to begin, helps until it has ended, and returns to its event loop only to read its letters.
 */
export const workerSource = `'use strict';
const node = typeof require === 'function' ? require('node:worker_threads') : null;
const programs = new Map();
let desk, text, thread;
const refuse = () => { throw new Error('A function of the host was called outside its thread.'); };
function receive(letter) {
  if (letter.kind === 'begin') {
    ({ thread } = letter);
    desk = new Int32Array(letter.desk);
    text = new Uint16Array(letter.text);
  } else if (letter.kind === 'program') {
    const imports = {};
    for (const { module, name } of WebAssembly.Module.imports(letter.module)) (imports[module] ??= {})[name] = refuse;
    imports.env.memory = letter.memory;
    const { help } = new WebAssembly.Instance(letter.module, imports).exports;
    programs.set(letter.id, { help, board: new Int32Array(letter.memory.buffer) });
  } else programs.delete(letter.id);
  Atomics.store(desk, ${DESK.read} + thread, letter.letter);
  Atomics.notify(desk, ${DESK.read} + thread);
  serve(letter.letter);
}
function serve(read) {
  for (;;) {
    const turn = Atomics.load(desk, ${DESK.turn});
    if (Atomics.load(desk, ${DESK.letters}) !== read) return;
    const id = Atomics.load(desk, ${DESK.program});
    const program = programs.get(id);
    if (program) {
      try {
        program.help(thread, id);
      } catch (error) {
        fail(program.board, error);
      }
    }
    const until = performance.now() + ${WATCH / 1000};
    while (Atomics.load(desk, ${DESK.turn}) === turn) {
      if (performance.now() < until) continue;
      Atomics.add(desk, ${DESK.sleepers}, 1);
      Atomics.wait(desk, ${DESK.turn}, turn);
      Atomics.sub(desk, ${DESK.sleepers}, 1);
    }
  }
}
function fail(board, error) {
  if (Atomics.compareExchange(desk, ${DESK.failure}, 0, 1) === 0) {
    const said = (error.name + ': ' + error.message).slice(0, text.length);
    for (let i = 0; i < said.length; i++) text[i] = said.charCodeAt(i);
    Atomics.store(desk, ${DESK.failureLength}, said.length);
    Atomics.store(desk, ${DESK.failure}, 2);
  }
  Atomics.store(board, ${BOARD.failed / 4}, 1);
  const own = (${BOARD.taken} + thread * ${BOARD.takenStride}) / 4;
  Atomics.add(board, ${BOARD.done / 4}, Atomics.exchange(board, own, 0));
  Atomics.notify(board, ${BOARD.done / 4});
}
if (node) node.parentPort.on('message', receive);
else self.onmessage = ({ data }) => receive(data);
`;

/** The script of the worker that looks whether others have ended: the lines to them are its data, the marks its only letter. */
export const watchSource = `'use strict';
const { parentPort, workerData } = require('node:worker_threads');
parentPort.once('message', (marks) => {
  workerData.forEach((line, i) => {
    line.on('close', () => Atomics.store(marks, i + 1, 1));
    line.on('message', () => {});
  });
  Atomics.store(marks, 0, 1);
  Atomics.notify(marks, 0);
});
`;
