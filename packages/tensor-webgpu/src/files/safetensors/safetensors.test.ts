import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  openSafetensors,
  readSafetensors,
  SafetensorsError,
  type SafetensorsFault,
  safetensorsChunks,
  writeSafetensors,
} from '../../index.ts';

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Written by the Python package safetensors 0.6 with metadata {format: np, a: b} and five NumPy arrays. */
const PYTHON_FILE = fromBase64(
  'UAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJhIjoiYiIsImZvcm1hdCI6Im5wIn0sImkiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlswLDE2XX0sInMiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sImxheWVycy4wLndlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMjQsNDhdfSwiZSI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbNDgsNDhdfSwiYiI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls0OCw1MV19fSAgICD//////////wIAAAAAAAAAAAAAAAAABEAAAAAAAACAPwAAAEAAAEBAAACAQAAAoEABAAE=',
);

function fileOf(header: string | Uint8Array, dataBytes = 0): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape = `[${end - begin}]`, dtype = 'U8'): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

function faultOf(run: () => unknown): SafetensorsFault | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof SafetensorsError) return error.fault;
    throw error;
  }
}

describe('safetensors', () => {
  test('the bytes of a Node Buffer, which lie within a larger pool, read as well', () => {
    const pool = Buffer.alloc(PYTHON_FILE.length + 3);
    pool.set(PYTHON_FILE, 3);
    expect(readSafetensors(pool.subarray(3))).toEqual(readSafetensors(PYTHON_FILE));
  });

  test('a file of the Python package reads as the arrays that were saved', () => {
    const { tensors, metadata } = readSafetensors(PYTHON_FILE);
    expect(Object.fromEntries(metadata)).toEqual({ format: 'np', a: 'b' });
    expect(tensors.get('layers.0.weight')).toEqual({
      dtype: 'F32',
      shape: [2, 3],
      data: new Float32Array([0, 1, 2, 3, 4, 5]),
    });
    expect(tensors.get('i')).toEqual({ dtype: 'I64', shape: [2], data: new BigInt64Array([-1n, 2n]) });
    expect(tensors.get('s')).toEqual({ dtype: 'F64', shape: [], data: new Float64Array([2.5]) });
    expect(tensors.get('b')).toEqual({ dtype: 'BOOL', shape: [3], data: new Uint8Array([1, 0, 1]) });
    expect(tensors.get('e')).toEqual({ dtype: 'I32', shape: [0, 3], data: new Int32Array(0) });
  });

  test('writing the same tensors gives the bytes of the Python package', () => {
    const { tensors, metadata } = readSafetensors(PYTHON_FILE);
    expect(writeSafetensors(tensors, Object.fromEntries(metadata))).toEqual(PYTHON_FILE);
  });

  test('reads what it writes, at any alignment in memory', () => {
    const tensorsOf = fc.dictionary(
      fc
        .string({ minLength: 1 })
        .filter((name) => name.isWellFormed() && !name.split('.').includes('__proto__') && name !== '__metadata__'),
      fc.oneof(
        fc.float32Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.int16Array({ maxLength: 9 }),
        fc.bigUint64Array({ maxLength: 9 }),
      ),
      { maxKeys: 6 },
    );
    fc.assert(
      fc.property(tensorsOf, fc.integer({ min: 0, max: 7 }), (arrays, shift) => {
        const input = new Map(Object.entries(arrays).map(([name, data]) => [name, { shape: [data.length], data }]));
        const bytes = writeSafetensors(input);
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const { tensors } = readSafetensors(moved.subarray(shift));
        expect(tensors.size).toBe(input.size);
        for (const [name, { data }] of input) expect(tensors.get(name)?.data).toEqual(data);
      }),
      { numRuns: 60 },
    );
  });

  const overflowing = `[${'4294967296,'.repeat(3)}1]`;
  const cases: readonly [SafetensorsFault, string, Uint8Array][] = [
    ['shortFile', 'fewer bytes than a length', new Uint8Array(7)],
    ['headerTooLarge', 'a length beyond the limit', new Uint8Array(8).fill(255)],
    ['headerBeyondFile', 'a header that the file does not hold', fileOf('{}').subarray(0, 9)],
    ['invalidUtf8', 'bytes that are not UTF-8', fileOf(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]))],
    ['invalidJson', 'text that is not JSON', fileOf('{"a":')],
    ['invalidJson', 'an array', fileOf('[]')],
    ['invalidJson', 'blanks before the object', fileOf(' {}')],
    ['invalidEntry', 'an entry without offsets', fileOf('{"a":{"dtype":"U8","shape":[1]}}', 1)],
    [
      'invalidEntry',
      'an entry with more than the format has',
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}', 1),
    ],
    ['invalidEntry', 'a negative extent', fileOf(`{"a":${entry(0, 1, '[-1]')}}`, 1)],
    ['invalidEntry', 'a fraction as an extent', fileOf(`{"a":${entry(0, 1, '[0.5]')}}`, 1)],
    ['invalidMetadata', 'metadata that are not text', fileOf('{"__metadata__":{"a":1}}')],
    ['duplicateName', 'a tensor twice', fileOf(`{"a":${entry(0, 1)},"a":${entry(1, 2)}}`, 2)],
    ['duplicateName', 'a name twice, once escaped', fileOf(`{"a":${entry(0, 1)},"\\u0061":${entry(1, 2)}}`, 2)],
    ['duplicateName', 'a field twice', fileOf('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1)],
    ['unsafeName', 'a path through the prototype', fileOf(`{"a.__proto__.b":${entry(0, 1)}}`, 1)],
    ['unsafeName', 'the prototype itself', fileOf(`{"__proto__":${entry(0, 1)}}`, 1)],
    ['unknownDType', 'a dtype that is not known', fileOf(`{"a":${entry(0, 1, '[1]', 'Q3')}}`, 1)],
    ['shapeOverflow', 'more elements than can be counted', fileOf(`{"a":${entry(0, 1, overflowing)}}`, 1)],
    ['shapeOverflow', 'the same behind a zero', fileOf(`{"a":${entry(0, 0, `[9007199254740993,0]`)}}`)],
    ['offsetOverflow', 'an end before the begin', fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}', 1)],
    ['offsetOverflow', 'offsets beyond the file', fileOf(`{"a":${entry(0, 9)}}`, 8)],
    [
      'offsetOverflow',
      'offsets beyond exact numbers',
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,18446744073709551616]}}', 1),
    ],
    ['sizeMismatch', 'a shape that needs more bytes', fileOf(`{"a":${entry(0, 4, '[2]', 'F32')}}`, 4)],
    ['overlap', 'two tensors on one byte', fileOf(`{"a":${entry(0, 2)},"b":${entry(1, 3)}}`, 3)],
    ['gap', 'a byte between tensors', fileOf(`{"a":${entry(0, 1)},"b":${entry(2, 3)}}`, 3)],
    ['gap', 'a byte before the first tensor', fileOf(`{"a":${entry(1, 2)}}`, 2)],
    ['trailingBytes', 'a byte after the last tensor', fileOf(`{"a":${entry(0, 1)}}`, 2)],
  ];
  test.each(cases)('%s: %s', (fault, _what, bytes) => {
    expect(faultOf(() => readSafetensors(bytes))).toBe(fault);
  });

  test('any damage ends in the named error or in a file that still reads', () => {
    fc.assert(
      fc.property(
        fc.nat(PYTHON_FILE.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(PYTHON_FILE.length),
        (at, byte, length) => {
          const damaged = PYTHON_FILE.slice(0, Math.max(at + 1, length));
          damaged[at] = byte;
          faultOf(() => readSafetensors(damaged));
        },
      ),
    );
  });

  test('writing refuses what could not be read', () => {
    const data = new Float32Array(2);
    expect(faultOf(() => writeSafetensors({ a: { shape: [3], data } }))).toBe('sizeMismatch');
    expect(faultOf(() => writeSafetensors({ a: { shape: [4], data, dtype: 'BF16' } }))).toBe('sizeMismatch');
    expect(faultOf(() => writeSafetensors({ a: { shape: [-2], data } }))).toBe('invalidEntry');
    expect(faultOf(() => writeSafetensors(new Map([['__metadata__', { shape: [2], data }]])))).toBe('unsafeName');
    expect(faultOf(() => writeSafetensors(new Map([['x.__proto__', { shape: [2], data }]])))).toBe('unsafeName');
  });

  test('16-bit floats come as numbers, and are written from numbers or bits', () => {
    const numbers = new Float32Array([1, -0.5, 65504, 2 ** -24, Infinity, 0]);
    const brain = new Float32Array([1, -0.5, 2 ** 100, 1.0078125, -Infinity, 0]);
    const written = writeSafetensors({
      half: { shape: [6], data: numbers, dtype: 'F16' },
      brain: { shape: [2, 3], data: brain, dtype: 'BF16' },
      bits: { shape: [2], data: new Uint16Array([0x3c00, 0x7e00]), dtype: 'F16' },
    });
    const { tensors } = readSafetensors(written);
    expect(tensors.get('half')).toEqual({ dtype: 'F16', shape: [6], data: numbers });
    expect(tensors.get('brain')).toEqual({ dtype: 'BF16', shape: [2, 3], data: brain });
    expect(tensors.get('bits')?.data).toEqual(new Float32Array([1, NaN]));
    expect(writeSafetensors(tensors)).toEqual(written);
    // 1 + 2⁻⁸ lies halfway between two bfloat16, of which 1 is the even one.
    const tie = writeSafetensors({ x: { shape: [1], data: new Float32Array([1 + 2 ** -8]), dtype: 'BF16' } });
    expect(readSafetensors(tie).tensors.get('x')?.data).toEqual(new Float32Array([1]));
  });

  test('metadata that other readers would refuse are a named error', () => {
    const x = { x: { shape: [1], data: new Float32Array(1) } };
    expect(() => writeSafetensors(x, { step: 3 } as never)).toThrow(
      /metadata step to be a string.*got 3.*String\(value\)/,
    );
    expect(() => writeSafetensors(x, ['a'] as never)).toThrow(ArgumentError);
    const input = { shape: [3], data: new Uint8ClampedArray(3) };
    expect(() => writeSafetensors({ a: input as never })).toThrow(/data of a in an array/);
    expect(() => writeSafetensors({ a: { ...x.x, dtype: 'f32' as never } })).toThrow(/dtype of a to be one of.*F32/);
    expect(() => writeSafetensors({ a: { ...x.x, dtyp: 'F32' } as never })).toThrow(/Did you mean dtype/);
    expect(() => writeSafetensors(x, { broken: '\ud800' })).toThrow(ArgumentError);
    expect(readSafetensors(writeSafetensors(x, { step: '3' })).metadata.get('step')).toBe('3');
  });

  describe('in parts', () => {
    const source = (bytes: Uint8Array, asked: [number, number][] = []) => ({
      size: bytes.length,
      read: async (begin: number, end: number) => {
        asked.push([begin, end]);
        return bytes.slice(begin, end);
      },
    });

    test('an open file reads one tensor without the others', async () => {
      const asked: [number, number][] = [];
      const reader = await openSafetensors(source(PYTHON_FILE, asked));
      const whole = readSafetensors(PYTHON_FILE);
      expect(reader.metadata).toEqual(whole.metadata);
      expect([...reader.entries.keys()].sort()).toEqual([...whole.tensors.keys()].sort());
      expect(await reader.read('layers.0.weight')).toEqual(whole.tensors.get('layers.0.weight'));
      const read = asked.reduce((sum, [begin, end]) => sum + end - begin, 0);
      const data = [...whole.tensors.values()].reduce((sum, entry) => sum + entry.data.byteLength, 0);
      expect(read).toBe(PYTHON_FILE.length - data + 24);
    });

    test('a Blob streams all tensors in the order of their bytes', async () => {
      const reader = await openSafetensors(new Blob([PYTHON_FILE as Uint8Array<ArrayBuffer>]));
      const streamed = new Map<string, unknown>();
      for await (const [name, entry] of reader.stream()) streamed.set(name, entry);
      expect(streamed).toEqual(readSafetensors(PYTHON_FILE).tensors);
      await expect(reader.read('nope')).rejects.toThrow('the file has no tensor "nope"; it has');
    });

    test('a source that is cut off is a named error', async () => {
      const cut = { ...source(PYTHON_FILE.slice(0, -5)), size: PYTHON_FILE.length };
      const reader = await openSafetensors(cut);
      await expect(reader.read('b')).rejects.toThrow(SafetensorsError);
      await expect(openSafetensors(source(PYTHON_FILE.slice(0, 4)))).rejects.toThrow(
        'expected at least 8 bytes, got 4',
      );
    });

    test('a written stream has the bytes of the whole file, and copies no tensor', () => {
      const a = new Float32Array([1, 2, 3]);
      const input = { b: { shape: [2], data: new Int32Array([4, 5]) }, a: { shape: [3], data: a } };
      const chunks = [...safetensorsChunks(input, { k: 'v' })];
      expect(Buffer.concat(chunks)).toEqual(Buffer.from(writeSafetensors(input, { k: 'v' })));
      expect(chunks[1].buffer).toBe(a.buffer);
    });
  });
});
