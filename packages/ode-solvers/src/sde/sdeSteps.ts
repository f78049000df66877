import { arange, concat, full, jit, jvp, ShapeError, scan, type Tensor, where } from '@flowfield/tensor-webgpu';
import type { Clock } from '../clock.ts';
import { codeOf } from '../errors.ts';
import { keptAt } from '../kept.ts';
import { Opened } from '../opened.ts';
import { type Field, type State, timeTypeOf } from '../state.ts';
import { freshNoise, type NoiseForm, type NoiseSource } from './brownian.ts';
import type { Noise, NoiseKind } from './noise.ts';
import type { SdeSolver } from './sdeSolver.ts';

/** What a caller's functions make of a stochastic equation, on leaves. */
export interface SdeFunctions {
  readonly drift: Field;
  readonly diffusion: Field;
  readonly project: ((state: State) => State) | null;
  /** A path's increments; `null` where they are drawn by a key. */
  readonly increment: NoiseSource['increment'] | null;
}

/** How a solve steps. */
export interface SdeForm {
  readonly solver: SdeSolver;
  readonly kind: NoiseKind;
  readonly term: Noise;
  /** Whether the states of all steps are kept. */
  readonly saves: boolean;
  readonly checkpoint: boolean;
}

interface Carry {
  readonly state: State;
  readonly t: Tensor;
  readonly code: Tensor;
  readonly taken: Tensor;
}

/** Where a solve ended, the states at all times if they are kept, and the times. */
export interface SdeRun {
  /** Whether the diffusion depends on the state, for methods that must know; else `null`. */
  readonly depends: Tensor | null;
  readonly end: Carry;
  readonly rows: State | null;
  readonly times: Tensor;
}

/** All steps of a solve. */
export function sdeSteps(
  { solver, kind, term, saves, checkpoint }: SdeForm,
  { drift, diffusion, project, increment }: SdeFunctions,
  state: State,
  clock: Clock,
  key: Tensor | null,
): SdeRun {
  const drawn =
    key &&
    freshNoise(
      key,
      formOf(kind, state, () => diffusion(clock.t0, state)),
    );
  const incrementOf = drawn?.increment ?? (increment as NoiseSource['increment']);
  const { times, sizes } = clock.grid as NonNullable<Clock['grid']>;
  const count = sizes.shape[0];
  const spans = { start: times.slice([0, count]), end: times.slice([1, count + 1]), h: sizes };
  const body = (carry: Carry, span: typeof spans): [Carry, State | null] => {
    const moved = incrementOf({ index: carry.taken, ...span });
    checkIncrement(kind, carry.state, moved.w);
    const stepped = solver.leafStep({ drift, diffusion, span, state: carry.state, increment: moved, noise: term });
    const next = project ? project(stepped) : stepped;
    const good = next
      .map((leaf) => leaf.isFinite().all())
      .reduce((a, b) => a.logicalAnd(b))
      .logicalAnd(carry.code.equal(0));
    const after: Carry = {
      state: next.map((leaf, n) => where(good, leaf, carry.state[n])),
      t: where(good, span.end, carry.t),
      code: where(good, carry.code, codeOf('nonFinite')),
      taken: carry.taken.add(good.astype('i32')),
    };
    return [after, saves ? after.state : null];
  };
  const zero = full([], 0, { dtype: 'i32' });
  const code = clock.good ? where(clock.good, zero, codeOf('badTimes')) : zero;
  const start: Carry = { state, t: clock.t0, code, taken: zero };
  const [end, rows] = scan<Carry, typeof spans, State | null>(body, start, spans, { checkpoint });
  return {
    end,
    depends: solver.additive ? dependence((y) => diffusion(clock.t0, y), state) : null,
    rows: rows?.map((leaf, n) => concat([state[n].expandDims(0), leaf], 0)) ?? null,
    times,
  };
}

/** The same outside a trace, compiled; a solve that differs from one before in values only has the program of that one. */
export function keptSdeSteps(
  form: SdeForm,
  { drift, diffusion, project, increment }: SdeFunctions,
  state: State,
  clock: Clock,
  key: Tensor | null,
): SdeRun {
  const { solver, kind, saves, checkpoint } = form;
  const { t0 } = clock;
  const opened = new Opened();
  const driftWith = opened.open(drift, t0, state);
  const diffusionWith = opened.open(diffusion, t0, state);
  const projectWith = opened.openSome(project, state);
  const some = { index: full([], 0, { dtype: 'i32' }), start: t0, end: t0, h: t0 };
  const incrementWith = opened.openSome(increment, some);
  const said = { kind, saves, checkpoint, projects: project !== null, along: increment !== null };
  const run = keptAt([solver, ...opened.shared], 'sde', said, () =>
    jit((initial: State, at: Clock, own: Tensor | null, outside: readonly Tensor[]) =>
      sdeSteps(
        form,
        {
          drift: driftWith(outside),
          diffusion: diffusionWith(outside),
          project: projectWith(outside),
          increment: incrementWith(outside),
        },
        initial,
        at,
        own,
      ),
    ),
  );
  return run(state, clock, key, opened.outside);
}

/** Whether g changes when all elements of the state move, by amounts of which no two are alike. */
function dependence(g: (state: State) => State, state: State): Tensor {
  const moves = state.map((leaf) =>
    arange(1, leaf.size + 1, { dtype: leaf.dtype })
      .sin()
      .reshape(leaf.shape),
  );
  const [, changes] = jvp(g, [state], [moves]);
  return changes.map((leaf) => leaf.notEqual(0).any()).reduce((a, b) => a.logicalOr(b), full([], false));
}

/** The form of dW: that of the state, a scalar, or [..., m] of a diffusion [..., d, m]. */
function formOf(kind: NoiseKind, state: State, g: () => State): NoiseForm {
  if (kind === 'scalar') return [{ shape: [], dtype: timeTypeOf(state) }];
  if (kind === 'diagonal') return state.map(({ shape, dtype }) => ({ shape, dtype: dtype as 'f32' | 'f64' }));
  const [{ shape, dtype }] = g();
  return [{ shape: [...shape.slice(0, -2), shape[shape.length - 1]], dtype: dtype as 'f32' | 'f64' }];
}

/** Throws `ShapeError` for a path whose shape does not fit the state. */
function checkIncrement(kind: NoiseKind, state: State, w: State): void {
  if (kind !== 'diagonal') return;
  if (w.length === state.length && w.every((leaf, n) => leaf.shape.join() === state[n].shape.join())) return;
  throw new ShapeError(
    `solveSde: diagonal noise needs a path of the shape of the state, [${state.map(({ shape }) => shape.join(', ')).join('] and [')}], got [${w.map(({ shape }) => shape.join(', ')).join('] and [')}]. Give the path that shape, or another kind.`,
  );
}
