import { ByteBuffer } from './byte-buffer.ts';
import { AssemblerError } from './errors.ts';
import { Instructions } from './instruction-set.ts';
import { relaxedMaddOpcodes } from './simd-opcodes.ts';
import type { Signature, ValueType } from './value-types.ts';
import { valueTypeCode } from './value-types.ts';

/** Target of a branch: the nesting depth at which its block was opened. */
export type Label = number & { readonly label: unique symbol };

/** A function that can be called: imported, or defined by a `FunctionBuilder`. */
export interface Callable {
  readonly index: number;
  readonly signature: Signature;
}

/** Number of turns of a counting loop: known now, or held by an i32 local. */
export type LoopBound = number | { readonly local: number };

const EMPTY_BLOCK = 0x40;
const END = 0x0b;

/**
 * Writes the body of one WebAssembly function, an instruction per method call.
 *
 * Locals are plain indices; parameters are locals `0 .. params - 1`. The closing `end` is written by the module.
 */
export class FunctionBuilder extends Instructions implements Callable {
  readonly index: number;
  readonly signature: Signature;
  readonly name: string;
  readonly relaxed: boolean;
  private readonly localTypes: ValueType[];
  private readonly free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  private depth = 0;

  constructor(index: number, signature: Signature, name: string, relaxed: boolean) {
    super();
    this.index = index;
    this.signature = signature;
    this.name = name;
    this.relaxed = relaxed;
    this.localTypes = [...signature.params];
  }

  // --- Locals ---

  /** The index of a local of this type: a released one where there is one (its value is then whatever it held). */
  local(type: ValueType): number {
    const reused = this.free[type].pop();
    if (reused !== undefined) return reused;
    return this.localTypes.push(type) - 1;
  }

  /** `count` locals of one type. */
  locals(type: ValueType, count: number): number[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** Gives locals back for reuse. */
  release(...locals: readonly number[]): void {
    for (const local of locals) {
      const free = this.free[this.typeOf(local)];
      if (free.includes(local)) throw new AssemblerError(`${this.name}: local ${local} was released twice.`);
      free.push(local);
    }
  }

  /** Runs `body` with a fresh local of this type and releases it afterwards. */
  withLocal<Result>(type: ValueType, body: (local: number) => Result): Result {
    const local = this.local(type);
    const result = body(local);
    this.release(local);
    return result;
  }

  private typeOf(local: number): ValueType {
    const type = this.localTypes[local];
    if (type === undefined)
      throw new AssemblerError(`${this.name}: expected a local in [0, ${this.localTypes.length}), got ${local}.`);
    return type;
  }

  private indexed(opcode: number, local: number): void {
    this.typeOf(local);
    this.code.u8(opcode);
    this.code.u32(local);
  }

  localGet(local: number): void {
    this.indexed(0x20, local);
  }

  localSet(local: number): void {
    this.indexed(0x21, local);
  }

  localTee(local: number): void {
    this.indexed(0x22, local);
  }

  // --- Constants ---

  i32Const(value: number): void {
    this.code.u8(0x41);
    this.code.s32(value);
  }

  i64Const(value: bigint): void {
    this.code.u8(0x42);
    this.code.s64(value);
  }

  f32Const(value: number): void {
    this.code.u8(0x43);
    this.code.f32(value);
  }

  f64Const(value: number): void {
    this.code.u8(0x44);
    this.code.f64(value);
  }

  private vectorConst(write: (lane: number) => void, lanes: number): void {
    this.code.u8(0xfd);
    this.code.u8(12);
    for (let lane = 0; lane < lanes; lane++) write(lane);
  }

  /** A vector from its 16 bytes. */
  v128Const(bytes: ArrayLike<number>): void {
    if (bytes.length !== 16) throw new AssemblerError(`v128.const: expected 16 bytes, got ${bytes.length}.`);
    this.vectorConst((lane) => this.code.u8((bytes[lane] ?? 0) & 0xff), 16);
  }

  /** A vector of four floats; one value fills all lanes. */
  f32x4Const(a: number, b = a, c = a, d = a): void {
    const lanes = [a, b, c, d];
    this.vectorConst((lane) => this.code.f32(lanes[lane] ?? 0), 4);
  }

  /** A vector of two doubles; one value fills both lanes. */
  f64x2Const(a: number, b = a): void {
    this.vectorConst((lane) => this.code.f64(lane === 0 ? a : b), 2);
  }

  /** A vector of four integers; one value fills all lanes. */
  i32x4Const(a: number, b = a, c = a, d = a): void {
    const lanes = new Uint8Array(Int32Array.of(a, b, c, d).buffer);
    this.v128Const(lanes);
  }

  // --- Control ---

  private open(opcode: number, result: ValueType | undefined): Label {
    this.code.u8(opcode);
    this.code.u8(result === undefined ? EMPTY_BLOCK : valueTypeCode[result]);
    return ++this.depth as Label;
  }

  private close(): void {
    this.depth--;
    this.code.u8(END);
  }

  /** A block; a branch to its label leaves it. */
  block(body: (label: Label) => void, result?: ValueType): void {
    const label = this.open(0x02, result);
    body(label);
    this.close();
  }

  /** A WebAssembly `loop`: a branch to its label starts it again, and reaching the end leaves it. */
  repeat(body: (label: Label) => void, result?: ValueType): void {
    const label = this.open(0x03, result);
    body(label);
    this.close();
  }

  /** Takes an i32 from the stack and runs `then` when it is not 0, else `otherwise`. */
  if(then: (label: Label) => void, otherwise?: (label: Label) => void, result?: ValueType): void {
    const label = this.open(0x04, result);
    then(label);
    if (otherwise) {
      this.code.u8(0x05);
      otherwise(label);
    }
    this.close();
  }

  private branch(opcode: number, label: Label): void {
    if (label < 1 || label > this.depth) throw new AssemblerError(`${this.name}: branch to a block that is not open.`);
    this.code.u8(opcode);
    this.code.u32(this.depth - label);
  }

  br(label: Label): void {
    this.branch(0x0c, label);
  }

  /** Takes an i32 from the stack and branches when it is not 0. */
  brIf(label: Label): void {
    this.branch(0x0d, label);
  }

  call(callee: Callable): void {
    this.code.u8(0x10);
    this.code.u32(callee.index);
  }

  /**
   * `for (i = from; i < bound; i += step) body(i)`, with `i` an i32 local compared as signed. The body must leave `i` and
   * the bound's local alone. Nothing is written for a loop that is known to be empty; when known to run, it is tested only
   * at its end.
   */
  loop(
    bound: LoopBound,
    body: (counter: number) => void,
    options: { readonly from?: LoopBound; readonly step?: number } = {},
  ): void {
    const { from = 0, step = 1 } = options;
    if (!Number.isInteger(step) || step < 1)
      throw new AssemblerError(`${this.name}: expected a loop step of at least 1, got ${step}.`);
    const known = typeof bound === 'number' && typeof from === 'number';
    if (known && from >= bound) return;
    const counter = this.local('i32');
    const pushBound = (value: LoopBound) =>
      typeof value === 'number' ? this.i32Const(value) : this.localGet(value.local);
    pushBound(from);
    this.localSet(counter);
    const turns = () =>
      this.repeat((again) => {
        body(counter);
        this.localGet(counter);
        this.i32Const(step);
        this.i32Add();
        this.localTee(counter);
        pushBound(bound);
        this.i32LtS();
        this.brIf(again);
      });
    if (known) turns();
    else {
      this.localGet(counter);
      pushBound(bound);
      this.i32LtS();
      this.if(turns);
    }
    this.release(counter);
  }

  // --- Vectors ---

  /** Bytes of two vectors chosen by 16 indices in [0, 32): the first vector is 0 to 15, the second 16 to 31. */
  i8x16Shuffle(indices: readonly number[]): void {
    if (indices.length !== 16 || indices.some((i) => !Number.isInteger(i) || i < 0 || i > 31))
      throw new AssemblerError(`i8x16.shuffle: expected 16 indices in [0, 32), got [${indices}].`);
    this.code.u8(0xfd);
    this.code.u8(13);
    for (const index of indices) this.code.u8(index);
  }

  /** Lanes of two vectors of four chosen by indices in [0, 8): the first vector is 0 to 3, the second 4 to 7. */
  i32x4Shuffle(a: number, b: number, c: number, d: number): void {
    this.i8x16Shuffle([a, b, c, d].flatMap((i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]));
  }

  /** Lanes of two vectors of two chosen by indices in [0, 4): the first vector is 0 and 1, the second 2 and 3. */
  i64x2Shuffle(a: number, b: number): void {
    this.i32x4Shuffle(2 * a, 2 * a + 1, 2 * b, 2 * b + 1);
  }

  /** `a * b + c` of stack `a b c`: rounded once where the module is relaxed and the machine has it, else twice. */
  f32x4RelaxedMadd(): void {
    this.madd('f32x4RelaxedMadd');
  }

  /** `c - a * b` of stack `a b c`, rounded as in `f32x4RelaxedMadd`. */
  f32x4RelaxedNmadd(): void {
    this.madd('f32x4RelaxedNmadd');
  }

  /** `a * b + c` of stack `a b c`, rounded as in `f32x4RelaxedMadd`. */
  f64x2RelaxedMadd(): void {
    this.madd('f64x2RelaxedMadd');
  }

  /** `c - a * b` of stack `a b c`, rounded as in `f32x4RelaxedMadd`. */
  f64x2RelaxedNmadd(): void {
    this.madd('f64x2RelaxedNmadd');
  }

  private madd(name: keyof typeof relaxedMaddOpcodes): void {
    const { relaxed, multiply, combine } = relaxedMaddOpcodes[name];
    if (this.relaxed) {
      this.code.u8(0xfd);
      this.code.u32(relaxed);
      return;
    }
    const addend = this.local('v128');
    const product = this.local('v128');
    this.localSet(addend);
    this[multiply]();
    this.localSet(product);
    this.localGet(addend);
    this.localGet(product);
    this[combine]();
    this.release(addend, product);
  }

  // --- Bulk memory ---

  /** Copies bytes within the memory; takes `target source count` from the stack. Ranges may overlap. */
  memoryCopy(): void {
    for (const byte of [0xfc, 0x0a, 0x00, 0x00]) this.code.u8(byte);
  }

  /** Fills bytes of the memory; takes `target value count` from the stack. */
  memoryFill(): void {
    for (const byte of [0xfc, 0x0b, 0x00]) this.code.u8(byte);
  }

  // --- Threads ---

  /** Orders every access before it against every access after it. */
  atomicFence(): void {
    this.code.u8(0xfe);
    this.code.u8(0x03);
    this.code.u8(0x00);
  }

  // --- Encoding ---

  /** Appends the function's entry of the code section to `target`. */
  encode(target: ByteBuffer): void {
    if (this.depth !== 0) throw new AssemblerError(`${this.name}: ${this.depth} blocks are still open.`);
    const declarations = new ByteBuffer(32);
    const own = this.localTypes.slice(this.signature.params.length);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of own) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    declarations.u32(runs.length);
    for (const { type, count } of runs) {
      declarations.u32(count);
      declarations.u8(valueTypeCode[type]);
    }
    target.u32(declarations.length + this.code.length + 1);
    target.bytes(declarations.view());
    target.bytes(this.code.view());
    target.u8(END);
  }
}
