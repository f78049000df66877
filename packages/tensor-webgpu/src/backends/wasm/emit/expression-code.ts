import { bytesPerElement, type DType } from '../../../dtype/dtype.ts';
import type { Apply } from '../../../kernels/expression.ts';
import { type Expression, type Load, visit } from '../../../kernels/expression.ts';
import type { Affine } from '../../../shape/affine.ts';
import type { FunctionBuilder } from '../assembler/index.ts';
import { type DoubleName, isDoubleName, MathEmitter, type MathName } from '../math/index.ts';
import type { ModuleContext } from './context.ts';
import { gatherLanes, loadScalar, loadVector, pushPointer, storeScalar, storeVector } from './memory-code.ts';
import { milestones } from './milestones.ts';
import { isLiteralShift, isNative, isSquare, type Width } from './native.ts';
import type { Address, Pointers } from './pointers.ts';
import { callScalar } from './scalar-call.ts';
import { emitScalarMath } from './scalar-math.ts';
import { clamp, scalarBitcast, scalarCast, scalarOperation, scalarType } from './scalar-operations.ts';
import { findTogether, flushing, type Together, vectorMathName } from './vector-math.ts';
import { vectorCast, vectorOperation, vectorSelect } from './vector-operations.ts';

/** Reduces a place over the full space to the axes that the loops have. */
export type Collapse = (place: Affine) => Affine;

/**
 * Emits the values of one loop body, on vectors of four lanes, of two with float64, or on single elements. Every node is
 * computed once per body and kept in a local; nodes that do not change along the innermost axis are computed before its loop.
 */
export class ExpressionCode {
  private readonly f: FunctionBuilder;
  private readonly context: ModuleContext;
  private readonly pointers: Pointers;
  private readonly collapse: Collapse;
  private readonly width: Width;
  /** Functions whose results are made 0 where they are below the normal numbers. */
  private readonly flushed: ReadonlySet<Expression>;
  private readonly vector: boolean;
  /** The axis whose steps are the lanes. */
  private readonly axis: number;
  private readonly invariant = new Map<Expression, boolean>();
  private readonly hoisted = new Map<Expression, number>();
  private readonly known = new Map<Expression, number>();
  private readonly math: MathEmitter;
  /** Nodes to compute ahead, operands first. */
  private milestones: readonly Expression[] = [];
  private together: ReadonlyMap<Expression, Together> = new Map();
  private lanes: number;
  private shift = 0;
  private aheadAxis = 0;
  private aheadSteps = 0;

  constructor(
    f: FunctionBuilder,
    context: ModuleContext,
    pointers: Pointers,
    collapse: Collapse,
    axis: number,
    width: Width,
    flushed: ReadonlySet<Expression> = new Set(),
  ) {
    this.f = f;
    this.context = context;
    this.pointers = pointers;
    this.collapse = collapse;
    this.axis = axis;
    this.width = width;
    this.flushed = flushed;
    this.vector = width > 1;
    this.lanes = width;
    this.math = new MathEmitter(context.module, f, context.pairVectors);
  }

  /** Makes the pointers and constants that these values need; before any loop begins. */
  register(values: readonly Expression[]): void {
    if (this.vector) this.together = findTogether(values, this.flushed);
    this.milestones = milestones(values);
    const functions = new Set<MathName>();
    const ofDoubles = new Set<DoubleName>();
    visit(values, (node) => {
      const name = this.mathName(node);
      if (name) functions.add(name);
      const double = this.doubleName(node);
      if (double) ofDoubles.add(double);
      if (node.kind === 'load') this.pointers.of(node.variable, this.collapse(node.place));
      else if (node.kind === 'index') this.pointers.counter(this.collapse(node.place));
    });
    this.math.preload(functions, ofDoubles);
  }

  /** The vector function that computes a node, if one does. */
  private mathName(node: Expression): MathName | null {
    if (!this.vector || node.kind !== 'apply' || isSquare(node) || isLiteralShift(node)) return null;
    const pair = this.together.get(node);
    if (pair) return pair.name;
    const dtype = node.args[0]?.dtype ?? node.dtype;
    if (vectorOperation(node.code, dtype)) return null;
    const name = vectorMathName(node.code, dtype);
    return name && this.flushed.has(node) ? flushing(name) : name;
  }

  /** The function of two doubles that computes a node, if one does. */
  private doubleName(node: Expression): DoubleName | null {
    if (!this.vector || node.kind !== 'apply' || node.args[0]?.dtype !== 'f64' || isSquare(node)) return null;
    return !vectorOperation(node.code, 'f64') && isDoubleName(node.code) ? node.code : null;
  }

  /** Gives back what `register` took. */
  release(): void {
    this.math.release();
  }

  private isInvariant(node: Expression): boolean {
    let known = this.invariant.get(node);
    if (known === undefined) {
      if (node.kind === 'literal') known = true;
      else if (node.kind === 'apply') known = node.args.every((arg) => this.isInvariant(arg));
      else {
        known = this.collapse(node.place).strides[this.axis] === 0;
        if (node.kind === 'load') known = known && node.terms.every((term) => this.isInvariant(term.index));
      }
      this.invariant.set(node, known);
    }
    return known;
  }

  /** Computes what does not change along the innermost axis; call at the start of its loop. */
  hoist(values: readonly Expression[]): void {
    this.lanes = this.width;
    this.shift = 0;
    visit(values, (node) => {
      if (node.kind !== 'literal' && this.isInvariant(node)) this.compute(node, this.hoisted);
    });
  }

  endHoist(): void {
    for (const local of this.hoisted.values()) this.f.release(local);
    this.hoisted.clear();
  }

  /** Lets the following bodies read `steps` steps further along another axis than where the pointers stand. */
  readAhead(axis: number, steps: number): void {
    this.aheadAxis = axis;
    this.aheadSteps = steps;
  }

  /** Gives a node's value in a local that the caller keeps, or takes it back with `null`. */
  preset(node: Expression, local: number | null): void {
    if (local === null) this.hoisted.delete(node);
    else this.hoisted.set(node, local);
  }

  /** Runs `body` with fresh values of the next element or vector; `lanes` of it are valid, `shift` vectors ahead. */
  body(lanes: number, shift: number, body: () => void): void {
    this.lanes = lanes;
    this.shift = shift;
    for (const node of this.milestones) this.keep(node);
    body();
    for (const local of this.known.values()) this.f.release(local);
    this.known.clear();
  }

  private typeOf(node: Expression) {
    return this.vector ? 'v128' : scalarType(node.dtype);
  }

  /** Leaves the value of a node on the stack. */
  push(node: Expression): void {
    const local = this.hoisted.get(node) ?? this.known.get(node);
    if (local !== undefined) {
      this.f.localGet(local);
      return;
    }
    if (node.kind === 'literal') {
      this.emit(node);
      return;
    }
    this.keep(node);
    this.f.localGet(this.known.get(node) as number);
  }

  /** Computes a node into its local. */
  keep(node: Expression): void {
    if (node.kind !== 'literal') this.compute(node, this.known);
  }

  private compute(node: Expression, into: Map<Expression, number>): void {
    if (this.hoisted.has(node) || this.known.has(node)) return;
    const pair = this.together.get(node);
    if (pair) {
      this.computeTogether(node, pair, into);
      return;
    }
    const kept = this.f.local(this.typeOf(node));
    this.emit(node);
    this.f.localSet(kept);
    into.set(node, kept);
  }

  private computeTogether(node: Expression, { name, nodes }: Together, into: Map<Expression, number>): void {
    const { f } = this;
    this.emitMath(name, node as Apply);
    for (const result of [...nodes].reverse()) {
      const kept = f.local('v128');
      f.localSet(kept);
      if (result) into.set(result, kept);
      else f.release(kept);
    }
  }

  /** Leaves the results of a function of vectors on the stack. */
  private emitMath(name: MathName | { double: DoubleName }, { args, eqn }: Apply): void {
    const { f } = this;
    const operands = args.map((arg) => {
      this.push(arg);
      const local = f.local('v128');
      f.localSet(local);
      return local;
    });
    if (typeof name === 'string') this.math.emit(name, operands, eqn.params);
    else this.math.emitDouble(name.double, operands, eqn.params);
    f.release(...operands);
  }

  private emit(node: Expression): void {
    if (node.kind === 'literal') this.literal(node.value, node.dtype);
    else if (node.kind === 'index') this.index(node.place, node.dtype);
    else if (node.kind === 'load') this.load(node);
    else this.apply(node);
  }

  private literal(value: number, dtype: DType): void {
    const { f } = this;
    if (this.vector) {
      if (dtype === 'f64') f.f64x2Const(value);
      else if (dtype === 'f32') f.f32x4Const(value);
      else f.i32x4Const(dtype === 'bool' ? -Number(value !== 0) : value | 0);
    } else if (dtype === 'f64') f.f64Const(value);
    else if (dtype === 'f32') f.f32Const(value);
    else f.i32Const(dtype === 'bool' ? Number(value !== 0) : value | 0);
  }

  private index(place: Affine, dtype: DType): void {
    const { f } = this;
    const collapsed = this.collapse(place);
    const { local, offset } = this.pointers.counter(collapsed);
    const stride = collapsed.strides[this.axis];
    const start = offset + this.aheadSteps * collapsed.strides[this.aheadAxis];
    f.localGet(local);
    if (this.vector) {
      f.i32x4Splat();
      const first = start + this.width * this.shift * stride;
      f.i32x4Const(first, first + stride, first + 2 * stride, first + 3 * stride);
      f.i32x4Add();
      vectorCast(f, 'i32', dtype);
    } else {
      f.i32Const(start + this.shift * stride);
      f.i32Add();
      scalarCast(f, 'i32', dtype);
    }
  }

  private load(node: Load): void {
    const { f } = this;
    const place = this.collapse(node.place);
    const address = this.pointers.of(node.variable, place);
    const bytes = bytesPerElement(node.dtype);
    const step = place.strides[this.axis] * bytes;
    const offset =
      address.offset + this.shift * this.width * step + this.aheadSteps * place.strides[this.aheadAxis] * bytes;
    if (node.terms.length > 0) {
      this.lookup(node, { local: address.local, offset }, step, bytes);
    } else if (!this.vector) {
      loadScalar(f, { local: address.local, offset }, node.dtype);
    } else loadVector(f, { local: address.local, offset }, step, this.lanes, bytes, this.width);
    if (this.vector && node.dtype === 'bool') {
      f.i32x4Const(0);
      f.i32x4Ne();
    }
  }

  /** A load at a place that depends on index values, each clamped to its range. */
  private lookup(node: Load, from: Address, step: number, bytes: number): void {
    const { f } = this;
    // Where an index counts down, the pointer must hold the whole offset before it: no address may be negative.
    const down = node.terms.some((term) => term.stride < 0);
    const inside = down ? from.offset : 0;
    const address = { local: from.local, offset: from.offset - inside };
    const moved = f.local('i32');
    if (!this.vector) {
      f.localGet(address.local);
      for (const { index, limit, stride } of node.terms) {
        this.push(index);
        clamp(f, limit);
        f.i32Const(stride * bytes);
        f.i32Mul();
        f.i32Add();
      }
      f.i32Const(inside);
      f.i32Add();
      f.localSet(moved);
      loadScalar(f, { local: moved, offset: address.offset }, node.dtype);
      f.release(moved);
      return;
    }
    const places = f.local('v128');
    f.localGet(address.local);
    f.i32x4Splat();
    f.i32x4Const(inside);
    f.i32x4Add();
    for (const { index, limit, stride } of node.terms) {
      this.push(index);
      f.i32x4Const(0);
      f.i32x4MaxS();
      f.i32x4Const(limit);
      f.i32x4MinS();
      f.i32x4Const(stride * bytes);
      f.i32x4Mul();
      f.i32x4Add();
    }
    f.localSet(places);
    const lane = (k: number): void => {
      f.localGet(places);
      f.i32x4ExtractLane(k);
      f.localSet(moved);
    };
    if (node.terms.every((term) => this.isInvariant(term.index))) {
      lane(0);
      loadVector(f, { local: moved, offset: address.offset }, step, this.lanes, bytes, this.width);
    } else {
      gatherLanes(f, bytes, this.lanes, (k) => {
        lane(k);
        return pushPointer(f, { local: moved, offset: address.offset + k * step });
      });
    }
    f.release(places, moved);
  }

  private apply(node: Apply): void {
    const { f } = this;
    const { code: name } = node;
    if (!isNative(node, this.vector)) {
      callScalar(f, this.context.scalar(node), node, {
        vector: this.vector,
        lanes: this.lanes,
        push: (arg) => this.push(arg),
      });
      return;
    }
    const from = node.args[0].dtype;
    if (name === 'select') {
      const [condition, yes, no] = node.args;
      this.push(yes);
      this.push(no);
      this.push(condition);
      if (this.vector) vectorSelect(f, node.dtype);
      else f.select();
    } else if (name === 'cast') {
      this.push(node.args[0]);
      if (this.vector) vectorCast(f, from, node.dtype);
      else scalarCast(f, from, node.dtype);
    } else if (name === 'bitcast') {
      this.push(node.args[0]);
      if (!this.vector) scalarBitcast(f, from, node.dtype);
    } else if (isSquare(node)) {
      const code = this.vector ? vectorOperation('mul', from) : scalarOperation('mul', from);
      this.push(node.args[0]);
      this.push(node.args[0]);
      code?.(f);
    } else if (this.vector && isLiteralShift(node)) {
      this.push(node.args[0]);
      f.i32Const((node.args[1] as { value: number }).value);
      if (name === 'shiftLeft') f.i32x4Shl();
      else if (node.dtype === 'u32') f.i32x4ShrU();
      else f.i32x4ShrS();
    } else {
      const math = this.mathName(node);
      if (math) {
        this.emitMath(math, node);
        return;
      }
      const double = this.doubleName(node);
      if (double) {
        this.emitMath({ double }, node);
        return;
      }
      const code = this.vector ? vectorOperation(name, from) : scalarOperation(name, from);
      if (!code) {
        emitScalarMath(f, this.context.module, node, (arg) => this.push(arg));
        return;
      }
      for (const arg of node.args) this.push(arg);
      code(f);
    }
  }

  /** Writes the value on the stack, of `dtype`, to `address`; `step` bytes lie between lanes. `whole` may write past the valid lanes. */
  store(address: Address, step: number, dtype: DType, whole: boolean, shift = this.shift): void {
    const offset = address.offset + shift * this.width * step;
    if (this.vector) storeVector(this.f, { local: address.local, offset }, step, dtype, this.lanes, whole, this.width);
    else storeScalar(this.f, { local: address.local, offset }, dtype);
  }
}
