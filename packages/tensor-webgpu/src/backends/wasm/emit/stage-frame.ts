import type { Var } from '../../../program/aval.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import type { ModuleContext } from './context.ts';
import type { ExpressionCode } from './expression-code.ts';
import type { Placement, Pointers } from './pointers.ts';
import type { Flushed } from './subnormal.ts';

/** The locals of a part's function that its stages use. */
export interface StageFrame {
  readonly f: FunctionBuilder;
  readonly context: ModuleContext;
  readonly placements: ReadonlyMap<Var, Placement>;
  readonly arena: number;
  readonly table: number;
  readonly thread: number;
  /** Rows [from, to) of this block, and the number of rows in all. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Whether whole vectors may be stored past the end of a variable's buffer. */
  readonly padded: (variable: Var) => boolean;
  /** What is made 0 where it is below the normal numbers. */
  readonly flushed: Flushed;
}

/** The parts of a loop nest that its kinds of loops share. */
export interface LoopBody {
  readonly code: ExpressionCode;
  readonly pointers: Pointers;
  /** One element or vector: its valid lanes, vectors ahead, and steps ahead along another axis. */
  readonly body: (lanes: number, shift: number, axis?: number, steps?: number) => void;
}
