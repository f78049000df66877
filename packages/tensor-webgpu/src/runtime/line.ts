import type { Device, Later, Memory } from './device.ts';

let busyLines = 0;

/**
 * The calls to a device that are under way, each of which starts when the one before has been answered. A device that
 * answers at once has nobody standing here, except for calls on tensors that are still on their way from another device.
 */
export class Line {
  private last: Promise<unknown> | null = null;

  get busy(): boolean {
    return this.last !== null;
  }

  /** Starts `call` when those before it have been answered, whether they went well or not. */
  add<T>(call: () => Later<T>): Promise<T> {
    const answer = this.last ? this.last.then(call, call) : Promise.resolve().then(call);
    this.follow(answer);
    return answer;
  }

  /** Later calls wait for `answer`, which is of a call that has begun. */
  follow(answer: Promise<unknown>): void {
    if (this.last === null) busyLines++;
    this.last = answer;
    const leave = (): void => {
      if (this.last !== answer) return;
      this.last = null;
      busyLines--;
    };
    // A failure belongs to whoever reads the result; here it only ends the turn.
    answer.then(leave, leave);
  }
}

const lines = new WeakMap<Device, Line>();

export function lineOf(device: Device): Line {
  let line = lines.get(device);
  if (!line) {
    line = new Line();
    lines.set(device, line);
  }
  return line;
}

/** Gives memory back once the calls under way, which may still read it, are done. */
export function giveBack(memory: Memory): void {
  if (busyLines > 0) {
    const line = lineOf(memory.device);
    if (line.busy) {
      line.add(() => memory.release()).catch(() => {});
      return;
    }
  }
  memory.release();
}
