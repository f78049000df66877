import { ByteBuffer } from './byte-buffer.ts';
import { AssemblerError } from './errors.ts';
import { atomicOpcodes, saturatingOpcodes, scalarMemoryOpcodes, scalarOpcodes } from './scalar-opcodes.ts';
import {
  relaxedOpcodes,
  simdLaneOpcodes,
  simdMemoryLaneOpcodes,
  simdMemoryOpcodes,
  simdOpcodes,
} from './simd-opcodes.ts';

const SIMD_PREFIX = 0xfd;
const SATURATING_PREFIX = 0xfc;
const ATOMIC_PREFIX = 0xfe;

type Plain<Table> = { [Name in keyof Table]: () => void };
/** `offset` is added to the address on the stack; `align` is a hint in bytes, the natural alignment unless given. */
type Access<Table> = { [Name in keyof Table]: (offset?: number, align?: number) => void };
type AtomicAccess<Table> = { [Name in keyof Table]: (offset?: number) => void };
type Lane<Table> = { [Name in keyof Table]: (lane: number) => void };
type LaneAccess<Table> = {
  [Name in keyof Table]: (lane: number, offset?: number, align?: number) => void;
};

/** Where instructions are written, and whether relaxed vector instructions may be used. */
export abstract class Code {
  readonly code = new ByteBuffer();
  abstract readonly relaxed: boolean;
}

/** One method for each instruction of the opcode tables; operands are taken from the WebAssembly stack. */
export type InstructionSet = Code &
  Plain<typeof scalarOpcodes> &
  Plain<typeof saturatingOpcodes> &
  Plain<typeof simdOpcodes> &
  Plain<typeof relaxedOpcodes> &
  Access<typeof scalarMemoryOpcodes> &
  Access<typeof simdMemoryOpcodes> &
  AtomicAccess<typeof atomicOpcodes> &
  Lane<typeof simdLaneOpcodes> &
  LaneAccess<typeof simdMemoryLaneOpcodes>;

function simd(code: ByteBuffer, opcode: number): void {
  code.u8(SIMD_PREFIX);
  code.u32(opcode);
}

function memoryArgument(code: ByteBuffer, offset: number, align: number): void {
  const exponent = Math.log2(align);
  if (!Number.isInteger(exponent) || exponent < 0)
    throw new AssemblerError(`Expected an alignment of 1, 2, 4, 8 or 16 bytes, got ${align}.`);
  code.u8(exponent);
  code.u32(offset);
}

function checkLane(name: string, lane: number, lanes: number): void {
  if (!Number.isInteger(lane) || lane < 0 || lane >= lanes)
    throw new AssemblerError(`${name}: expected a lane in [0, ${lanes}), got ${lane}.`);
}

type Method = (this: Code, ...immediates: number[]) => void;

function* methods(): Generator<[string, Method]> {
  for (const [name, opcode] of Object.entries(scalarOpcodes))
    yield [
      name,
      function () {
        this.code.u8(opcode);
      },
    ];
  for (const [name, opcode] of Object.entries(saturatingOpcodes))
    yield [
      name,
      function () {
        this.code.u8(SATURATING_PREFIX);
        this.code.u8(opcode);
      },
    ];
  for (const [name, opcode] of Object.entries(simdOpcodes))
    yield [
      name,
      function () {
        simd(this.code, opcode);
      },
    ];
  for (const [name, { relaxed, plain }] of Object.entries(relaxedOpcodes))
    yield [
      name,
      function () {
        simd(this.code, this.relaxed ? relaxed : simdOpcodes[plain]);
      },
    ];
  for (const [name, [opcode, natural]] of Object.entries(scalarMemoryOpcodes))
    yield [
      name,
      function (offset = 0, align = natural) {
        this.code.u8(opcode);
        memoryArgument(this.code, offset, align);
      },
    ];
  for (const [name, [opcode, natural]] of Object.entries(simdMemoryOpcodes))
    yield [
      name,
      function (offset = 0, align = natural) {
        simd(this.code, opcode);
        memoryArgument(this.code, offset, align);
      },
    ];
  for (const [name, [opcode, natural]] of Object.entries(atomicOpcodes))
    yield [
      name,
      function (offset = 0) {
        this.code.u8(ATOMIC_PREFIX);
        this.code.u8(opcode);
        memoryArgument(this.code, offset, natural);
      },
    ];
  for (const [name, [opcode, lanes]] of Object.entries(simdLaneOpcodes))
    yield [
      name,
      function (lane = 0) {
        checkLane(name, lane, lanes);
        simd(this.code, opcode);
        this.code.u8(lane);
      },
    ];
  for (const [name, [opcode, natural, lanes]] of Object.entries(simdMemoryLaneOpcodes))
    yield [
      name,
      function (lane = 0, offset = 0, align = natural) {
        checkLane(name, lane, lanes);
        simd(this.code, opcode);
        memoryArgument(this.code, offset, align);
        this.code.u8(lane);
      },
    ];
}

function withInstructions(): abstract new () => InstructionSet {
  abstract class Instructions extends Code {}
  for (const [name, method] of methods()) Object.defineProperty(Instructions.prototype, name, { value: method });
  return Instructions as unknown as abstract new () => InstructionSet;
}

/** Base class that carries every instruction of the tables as a method. */
export const Instructions: abstract new () => InstructionSet = /* @__PURE__ */ withInstructions();
