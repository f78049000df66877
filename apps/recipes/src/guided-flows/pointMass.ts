import { random } from '@flowfield/tensor-webgpu';

/** Moves of an episode. */
export const HORIZON = 32;
/** The longest move. */
const REACH = 0.06;
/** How much of the noise of a move stays in the next, and its deviation: who has no skill strays over the whole square. */
const SMOOTH = 0.8;
const STRAY = 1;

/** Where a point starts and where it is wanted, x and y each. */
export interface Task {
  readonly start: Float64Array;
  readonly goal: Float64Array;
}

/** Episodes, row-major: positions after each move (count, HORIZON, 2), moves alike, and returns (count). */
export interface Episodes {
  readonly tasks: readonly Task[];
  readonly positions: Float64Array;
  readonly moves: Float64Array;
  /** Minus the mean distance from the goal. */
  readonly returns: Float64Array;
}

/** What to do at a position in step k of an episode. */
export type Policy = (episode: number, k: number, position: Float64Array, task: Task) => readonly [number, number];

/** Starts and goals anywhere in the unit square. */
export function drawnTasks(key: random.Key, count: number): Task[] {
  const places = random.uniform(key, [count, 4], { dtype: 'f64' }).dataSync() as Float64Array;
  return Array.from({ length: count }, (_, i) => ({
    start: places.slice(4 * i, 4 * i + 2),
    goal: places.slice(4 * i + 2, 4 * i + 4),
  }));
}

/** The move that the world makes of one that is asked for: not longer than it can be. */
function clipped([dx, dy]: readonly [number, number]): [number, number] {
  const scale = Math.min(1, REACH / Math.max(Math.hypot(dx, dy), 1e-12));
  return [dx * scale, dy * scale];
}

/** Moves a position, in place; walls hold it. @returns the move as it was made of what was asked for */
export function moved(position: Float64Array, wanted: readonly [number, number]): [number, number] {
  const move = clipped(wanted);
  for (let i = 0; i < 2; i++) position[i] = Math.min(Math.max(position[i] + move[i], 0), 1);
  return move;
}

export const distance = (position: ArrayLike<number>, goal: ArrayLike<number>): number =>
  Math.hypot(position[0] - goal[0], position[1] - goal[1]);

/** One episode of each task by a policy. */
export function lived(tasks: readonly Task[], policy: Policy): Episodes {
  const positions = new Float64Array(tasks.length * HORIZON * 2);
  const moves = new Float64Array(positions.length);
  const returns = new Float64Array(tasks.length);
  for (const [i, task] of tasks.entries()) {
    const position = task.start.slice();
    for (let k = 0; k < HORIZON; k++) {
      const at = (i * HORIZON + k) * 2;
      moves.set(moved(position, policy(i, k, position, task)), at);
      positions.set(position, at);
      returns[i] -= distance(position, task.goal) / HORIZON;
    }
  }
  return { tasks, positions, moves, returns };
}

/** Straight to the goal. */
export const straight: Policy = (_episode, _k, position, { goal }) => [goal[0] - position[0], goal[1] - position[1]];

/**
 * Who made the data: g (goal - p) + (1 - g) noise that is smooth in time, with a skill g from 0 to 1 for each episode.
 */
export function behaviour(key: random.Key, count: number): Policy {
  const [skillKey, noiseKey] = random.split(key);
  const skills = random.uniform(skillKey, [count], { dtype: 'f64' }).dataSync();
  const noise = random.normal(noiseKey, [count, HORIZON, 2], { dtype: 'f64' }).dataSync() as Float64Array;
  const fresh = Math.sqrt(1 - SMOOTH ** 2);
  for (let i = 0; i < count; i++) {
    for (let j = 2; j < 2 * HORIZON; j++) {
      const at = i * 2 * HORIZON + j;
      noise[at] = SMOOTH * noise[at - 2] + fresh * noise[at];
    }
  }
  return (episode, k, position, { goal }) => {
    const g = skills[episode];
    const at = (episode * HORIZON + k) * 2;
    return [0, 1].map((i) => g * (goal[i] - position[i]) + (1 - g) * STRAY * noise[at + i]) as [number, number];
  };
}
