/**
 * An argument of the wrong kind, an option whose name or value does not exist, or lists that do not fit each other. The message
 * reads `function: expected ..., given .... remedy`.
 */
export class DataArgumentError extends RangeError {
  override name = 'DataArgumentError';
}

/** The class of the errors of one function. */
export type ArgumentErrorClass = new (message: string) => DataArgumentError;
