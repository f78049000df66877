/** What a process that runs a contender is asked, one line of JSON each. Arrays lie in a file beside. */
export type Request =
  | {
      readonly ask: 'start';
      readonly job: number;
      readonly json: string;
      readonly file: string;
      readonly byHand: boolean;
    }
  | { readonly ask: 'block'; readonly job: number; readonly runs: number }
  | { readonly ask: 'outputs'; readonly job: number; readonly file: string }
  | { readonly ask: 'dispose'; readonly job: number }
  | { readonly ask: 'peak' };

/** Before each answer on standard output, on which libraries may write, too. */
export const ANSWER = 'answer ';

/** The first answer, without a question: which library stands there, or why none does. */
export interface Hello {
  readonly version?: string;
  readonly missing?: string;
}

export interface Answer {
  /** What the library threw. */
  readonly error?: string;
  /** `start`: false where the contender has no such row. */
  readonly takesPart?: boolean;
  /** `block`: milliseconds on the clock, and of the processor. */
  readonly elapsed?: number;
  readonly used?: number;
  /** `outputs`: the arrays, packed. */
  readonly json?: string;
  readonly gigaflops?: number;
}
