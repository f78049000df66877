import { ByteBuffer } from './byte-buffer.ts';
import { AssemblerError } from './errors.ts';
import type { Callable } from './function-builder.ts';
import { FunctionBuilder } from './function-builder.ts';
import type { Signature, ValueType } from './value-types.ts';
import { valueTypeCode } from './value-types.ts';

const WASM_PAGES_LIMIT = 65536;

/** Limits of a memory in pages of 64 KiB. A shared memory needs a maximum. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

/** Options of a module. */
export interface ModuleOptions {
  /** Use relaxed vector instructions (fused multiply-add). Default: false. See `features().relaxedSimd`. */
  readonly relaxed?: boolean;
}

/**
 * Builds one WebAssembly module: imported memory and functions, inner functions and exports.
 *
 * Functions may be called before their body is written, so mutual calls need nothing special.
 */
export class ModuleBuilder {
  readonly relaxed: boolean;
  private readonly typeIndices = new Map<string, number>();
  private readonly signatures: Signature[] = [];
  private readonly functionImports: { module: string; name: string; type: number }[] = [];
  private readonly functions: FunctionBuilder[] = [];
  private readonly exports = new Map<string, number>();
  private memory: MemoryLimits | undefined;

  constructor(options: ModuleOptions = {}) {
    this.relaxed = options.relaxed ?? false;
  }

  private typeIndex(signature: Signature): number {
    const key = `${signature.params}>${signature.results}`;
    const known = this.typeIndices.get(key);
    if (known !== undefined) return known;
    this.typeIndices.set(key, this.signatures.length);
    return this.signatures.push(signature) - 1;
  }

  /** Imports the memory `env.memory`. */
  importMemory(limits: MemoryLimits): void {
    const { initial, maximum, shared = false } = limits;
    if (initial < 0 || (maximum ?? initial) < initial || (maximum ?? initial) > WASM_PAGES_LIMIT)
      throw new AssemblerError(
        `Expected pages with 0 <= initial <= maximum <= ${WASM_PAGES_LIMIT}, got initial ${initial} and maximum ${maximum}.`,
      );
    if (shared && maximum === undefined)
      throw new AssemblerError('A shared memory needs a maximum: give one in pages of 64 KiB.');
    this.memory = limits;
  }

  /** Imports a function. All imports come before the first `func`. */
  importFunction(
    module: string,
    name: string,
    params: readonly ValueType[] = [],
    results: readonly ValueType[] = [],
  ): Callable {
    if (this.functions.length > 0)
      throw new AssemblerError(`Import ${module}.${name} before the first function of the module.`);
    const signature = { params, results };
    const type = this.typeIndex(signature);
    const index = this.functionImports.push({ module, name, type }) - 1;
    return { index, signature };
  }

  /** Adds a function whose body is written through the builder that is returned. */
  func(name: string, params: readonly ValueType[] = [], results: readonly ValueType[] = []): FunctionBuilder {
    const index = this.functionImports.length + this.functions.length;
    const builder = new FunctionBuilder(index, { params, results }, name, this.relaxed);
    this.functions.push(builder);
    return builder;
  }

  /** Exports a function under a name, its own unless given. */
  export(builder: FunctionBuilder, name: string = builder.name): void {
    if (this.exports.has(name)) throw new AssemblerError(`The name '${name}' is exported twice.`);
    this.exports.set(name, builder.index);
  }

  /** The module in the binary format. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteBuffer(1 << 16);
    out.bytes(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
    const functionTypes = this.functions.map((f) => this.typeIndex(f.signature));
    section(out, 1, (to) => {
      to.u32(this.signatures.length);
      for (const { params, results } of this.signatures) {
        to.u8(0x60);
        valueTypes(to, params);
        valueTypes(to, results);
      }
    });
    section(out, 2, (to) => this.imports(to));
    section(out, 3, (to) => {
      to.u32(functionTypes.length);
      for (const type of functionTypes) to.u32(type);
    });
    section(out, 7, (to) => {
      to.u32(this.exports.size);
      for (const [name, index] of this.exports) {
        to.text(name);
        to.u8(0x00);
        to.u32(index);
      }
    });
    section(out, 10, (to) => {
      to.u32(this.functions.length);
      for (const f of this.functions) f.encode(to);
    });
    section(out, 0, (to) => this.names(to));
    return out.view();
  }

  private imports(to: ByteBuffer): void {
    to.u32(this.functionImports.length + (this.memory ? 1 : 0));
    for (const { module, name, type } of this.functionImports) {
      to.text(module);
      to.text(name);
      to.u8(0x00);
      to.u32(type);
    }
    if (!this.memory) return;
    const { initial, maximum, shared } = this.memory;
    to.text('env');
    to.text('memory');
    to.u8(0x02);
    to.u8(shared ? 0x03 : maximum === undefined ? 0x00 : 0x01);
    to.u32(initial);
    if (maximum !== undefined) to.u32(maximum);
  }

  /** Function names, so that profiles and stack traces can be read. */
  private names(to: ByteBuffer): void {
    const entries = new ByteBuffer(1024);
    entries.u32(this.functions.length);
    for (const f of this.functions) {
      entries.u32(f.index);
      entries.text(f.name);
    }
    to.text('name');
    to.u8(0x01);
    to.u32(entries.length);
    to.bytes(entries.view());
  }
}

function section(out: ByteBuffer, id: number, write: (to: ByteBuffer) => void): void {
  const content = new ByteBuffer(1024);
  write(content);
  out.u8(id);
  out.u32(content.length);
  out.bytes(content.view());
}

function valueTypes(to: ByteBuffer, types: readonly ValueType[]): void {
  to.u32(types.length);
  for (const type of types) to.u8(valueTypeCode[type]);
}
