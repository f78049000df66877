/**
 * Where the threads of one memory meet: a block at its start, kept free by the heap. Work is offered in tasks of many units;
 * the ticket says which task it is and how many of its units nobody has taken yet. Addresses in bytes.
 */
export const BOARD = {
  /** 64 bits: units left, and in the upper half the number of the task, which tells it from all before. */
  ticket: 64,
  task: 68,
  /** Units of the task that are done. */
  done: 128,
  /** The rest is written by the thread that offers, before the ticket. */
  program: 192,
  function: 196,
  units: 200,
  arena: 204,
  table: 208,
  threads: 212,
  /** Units that a thread takes at once, at most. */
  grain: 216,
  /** Whether the offering thread may sleep: that of a page may not. */
  maySleep: 220,
  /** Threads that sleep until the next task; whether the offering thread sleeps until the last unit is done. */
  sleepers: 256,
  offererSleeps: 260,
  /** Set by a thread that failed. */
  failed: 264,
  /** Units that helpers have done so far, for people. */
  helped: 268,
  /** For each thread, a cache line apart, the units that it has taken and not done. */
  taken: 320,
  takenStride: 64,
} as const;

/** Most threads of one program. */
export const MOST_THREADS = 64;

export const BOARD_BYTES = BOARD.taken + MOST_THREADS * BOARD.takenStride;
