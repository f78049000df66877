import type { Part, Schedule } from '../kernels/form.ts';
import type { Var } from '../program/aval.ts';

/** When a variable is in use, in groups of a schedule. */
export interface Life {
  readonly variable: Var;
  /** The first group that writes it; -1 for inputs. */
  readonly made: number;
  /** The one part of that group that writes it; `null` when there are several. */
  readonly maker: Part | null;
  /** The last group that reads it: its first when nothing does, `Infinity` for outputs. */
  readonly lastRead: number;
  /** The one part of that group that reads it; `null` when there are several. */
  readonly reader: Part | null;
}

/** The lives of all variables of a schedule, in the order in which they are made. */
export function livesOf(schedule: Schedule): Map<Var, Life> {
  const lives = new Map<Var, { -readonly [K in keyof Life]: Life[K] } & { readAt: number }>();
  for (const variable of schedule.inputs)
    lives.set(variable, { variable, made: -1, maker: null, lastRead: -1, reader: null, readAt: -1 });
  schedule.groups.forEach(({ parts }, at) => {
    for (const part of parts) {
      for (const variable of part.writes) {
        const life = lives.get(variable);
        if (!life) {
          lives.set(variable, { variable, made: at, maker: part, lastRead: at, reader: null, readAt: -1 });
          continue;
        }
        if (life.made === at && life.maker !== part) life.maker = null;
        life.lastRead = at;
      }
    }
    for (const part of parts) {
      for (const variable of part.reads) {
        const life = lives.get(variable);
        if (!life) continue;
        life.reader = life.readAt === at && life.reader !== part ? null : part;
        life.readAt = at;
        life.lastRead = at;
      }
    }
  });
  for (const life of lives.values()) if (life.readAt < life.lastRead) life.reader = null;
  for (const variable of schedule.outputs) {
    const life = lives.get(variable);
    if (life) life.lastRead = Infinity;
  }
  return lives;
}
