import { PbfWriter } from 'pbf';
import type { DType, TypedArray } from '../../dtype/dtype.ts';
import type { Shape } from '../../shape/shape.ts';

/** The element types of ONNX (TensorProto.DataType) that stand for ours. */
const ELEMENT = { f32: 1, i32: 6, i64: 7, bool: 9, f64: 11, u32: 12 } as const;
export type ElementType = keyof typeof ELEMENT;

/** IR version 8 and operator set 13, which ONNX Runtime reads since version 1.7 (2021). */
const IR_VERSION = 8;
const OPERATOR_SET = 13;
/** AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface OnnxConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: TypedArray | BigInt64Array;
}

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly constants: readonly OnnxConstant[];
  readonly nodes: readonly OnnxNode[];
}

/** The bytes of an ONNX model (protocol buffers; field numbers of onnx.proto3). */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const out = new PbfWriter();
  out.writeVarintField(1, IR_VERSION);
  out.writeStringField(2, 'flowfield');
  out.writeMessage(7, writeGraph, graph);
  out.writeMessage(8, (version: number, set) => set.writeVarintField(2, version), OPERATOR_SET);
  return out.finish();
}

function writeGraph({ name, inputs, outputs, constants, nodes }: OnnxGraph, out: PbfWriter): void {
  for (const node of nodes) out.writeMessage(1, writeNode, node);
  out.writeStringField(2, name);
  for (const constant of constants) out.writeMessage(5, writeConstant, constant);
  for (const value of inputs) out.writeMessage(11, writeValue, value);
  for (const value of outputs) out.writeMessage(12, writeValue, value);
}

function writeNode({ operator, inputs, outputs, attributes }: OnnxNode, out: PbfWriter): void {
  for (const input of inputs) out.writeStringField(1, input);
  for (const output of outputs) out.writeStringField(2, output);
  out.writeStringField(4, operator);
  for (const entry of Object.entries(attributes)) out.writeMessage(5, writeAttribute, entry);
}

function writeAttribute([name, value]: [string, OnnxAttribute], out: PbfWriter): void {
  out.writeStringField(1, name);
  if (typeof value === 'string') {
    out.writeBytesField(4, new TextEncoder().encode(value));
    out.writeVarintField(20, ATTRIBUTE.string);
  } else if (typeof value === 'number') {
    out.writeVarintField(3, value);
    out.writeVarintField(20, ATTRIBUTE.int);
  } else if ('float' in value) {
    out.writeFloatField(2, value.float);
    out.writeVarintField(20, ATTRIBUTE.float);
  } else {
    for (const one of value) out.writeVarintField(8, one);
    out.writeVarintField(20, ATTRIBUTE.ints);
  }
}

function writeConstant({ name, type, shape, data }: OnnxConstant, out: PbfWriter): void {
  for (const extent of shape) out.writeVarintField(1, extent);
  out.writeVarintField(2, ELEMENT[type]);
  out.writeStringField(8, name);
  // Bools take a byte each; everything else is little-endian as it lies in memory.
  const raw = type === 'bool' ? Uint8Array.from(data as TypedArray, (value) => (value ? 1 : 0)) : data;
  out.writeBytesField(9, new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength));
}

function writeValue({ name, dtype, shape }: OnnxValue, out: PbfWriter): void {
  out.writeStringField(1, name);
  out.writeMessage(
    2,
    (_: null, type) => {
      type.writeMessage(
        1,
        (_inner: null, tensor) => {
          tensor.writeVarintField(1, ELEMENT[dtype as ElementType]);
          tensor.writeMessage(
            2,
            (_shape: null, dims) => {
              for (const extent of shape) {
                dims.writeMessage(1, (size: number, dim) => dim.writeVarintField(1, size), extent);
              }
            },
            null,
          );
        },
        null,
      );
    },
    null,
  );
}
