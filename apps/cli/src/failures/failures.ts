/** A fault of the call: an unknown name, a bad value, a file that cannot be read. One line says what to change. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A run folder that would be overwritten, or that is no run. */
export class RunFolderError extends UsageError {
  override name = 'RunFolderError';
}

/** A benchmark that ran to its end and did not reach what it must. */
export class GateMissed extends Error {
  override name = 'GateMissed';
}

/** A training that ended with a loss far above its first ones. */
export class Diverged extends Error {
  override name = 'Diverged';
}

/** The person stopped the program; `message` says how to go on. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}
