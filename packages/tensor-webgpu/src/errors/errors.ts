/** The base of every error a user can cause: what was expected, what was given, what to do. */
export class FlowfieldError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** Shapes that do not fit an operation; names the operation and every shape. */
export class ShapeError extends FlowfieldError {}

/** A dtype that an operation does not take, or operands of different dtypes. */
export class DTypeError extends FlowfieldError {}

/** An axis, index, size or option outside its allowed range. */
export class ArgumentError extends FlowfieldError {}

/** A tensor or compiled program used after its memory was given back. */
export class DisposedError extends FlowfieldError {}

/** Data read, or a host decision taken, while a function is being traced. */
export class TraceError extends FlowfieldError {}

/** A derivative that does not exist for an operation, such as reverse mode through `whileLoop`. */
export class DerivativeError extends FlowfieldError {}

/** A dtype or feature that the chosen device does not have. */
export class DeviceError extends FlowfieldError {}

/** There is no GPU that can be used: no WebGPU at all, or no adapter. */
export class NoAdapterError extends DeviceError {}

/** A GPU that was lost, or a tensor or call that was on it then. */
export class DeviceLostError extends DeviceError {}

/** What a GPU does not take as valid: a fault of this library or of the GPU's driver. */
export class ValidationError extends DeviceError {}

/** Memory asked for beyond a device's limit: bytes asked, live and allowed. */
export class OutOfMemoryError extends FlowfieldError {}

/** A malformed program: a fault of this library or of a hand-written primitive. */
export class ProgramError extends FlowfieldError {}

/** Tensors of two copies of this library in one process, which know nothing of each other. */
export class DuplicateError extends FlowfieldError {}
