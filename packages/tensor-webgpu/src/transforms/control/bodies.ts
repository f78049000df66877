import type { Aval } from '../../program/aval.ts';
import type { JvpResult, Program } from '../../program/program.ts';
import type { Tangent, Value } from '../../program/value.ts';
import { type Traced, trace } from '../../trace/builder.ts';
import { jvpProgram } from '../forward.ts';
import { taker } from '../taker.ts';

/** Inputs of a body that belong together, and which of them have a tangent. */
export interface InputGroup {
  readonly avals: readonly Aval[];
  readonly moves: readonly boolean[];
}

/**
 * The derivative of a loop's body as a program of its own: each group of inputs is followed by the tangents of
 * those that move. `finish` chooses the outputs.
 */
export function traceJvpBody<Extra>(
  body: Program,
  groups: readonly InputGroup[],
  finish: (result: JvpResult) => { outputs: readonly Value[]; extra: Extra },
): Traced<Extra> {
  const inputs = groups.flatMap(({ avals, moves }) => [...avals, ...avals.filter((_, i) => moves[i])]);
  return trace(inputs, (...all) => {
    const take = taker(all);
    const primals: Value[] = [];
    const tangents: Tangent[] = [];
    for (const { moves } of groups) {
      primals.push(...take(moves.length));
      tangents.push(...moves.map((moving): Tangent => (moving ? take(1)[0] : null)));
    }
    return finish(jvpProgram(body, primals, tangents));
  });
}
