import { checkedOptions } from '../errors/checks.ts';
import { ArgumentError, ShapeError } from '../errors/errors.ts';
import { lax } from '../primitives/lax.ts';
import { range, showShape, sizeOf } from '../shape/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TensorLike } from '../tensor/types.ts';
import { composite } from './composite.ts';
import { contractionOperands } from './contraction.ts';
import { reshape } from './reshape.ts';
import { type PerAxis, perAxis, type WindowOptions, windowPatches, windowsOf } from './windows.ts';

export interface ConvOptions extends WindowOptions {
  /** Channels are cut into this many groups that do not mix (default 1). */
  readonly groups?: number;
}

function checkConv(op: string, x: Tensor, w: Tensor, channels: number, groups: number): void {
  const fits = x.ndim >= 3 && w.ndim === x.ndim && Number.isInteger(groups) && groups >= 1;
  if (!fits || x.shape[1] !== channels || w.shape[0] % groups !== 0 || x.shape[1] % groups !== 0) {
    throw new ShapeError(
      `${op}: x of shape ${showShape(x.shape)} and weights of shape ${showShape(w.shape)} with ${groups} groups do not fit. ` +
        (op === 'conv'
          ? 'Expected x [N, C, …spatial] and weights [O, C / groups, …window].'
          : 'Expected x [N, C, …spatial] and weights [C, O / groups, …window].'),
    );
  }
}

/**
 * Cross-correlation, as neural networks call convolution: x [N, C, …spatial] and weights [O, C / groups, …window]
 * give [N, O, …output], out[n, o, p] = Σ w[o, c, k] x[n, c, stride p + dilation k - padding]. Any number of
 * spatial axes; derivatives of every order. The windows are laid out for one matrix product.
 * @throws ShapeError when channels or windows do not fit; ArgumentError for bad options.
 */
export function conv(x: TensorLike, weights: TensorLike, given: ConvOptions = {}): Tensor {
  const { groups = 1, ...options } = checkedOptions('conv', given, ['stride', 'padding', 'dilation', 'groups']);
  return composite('conv', () => {
    const [value, w] = contractionOperands([x, weights]);
    checkConv('conv', value, w, (w.shape[1] ?? 0) * groups, groups);
    const [batch, channels] = value.shape;
    const windows = windowsOf('conv', value, w.shape.slice(2), options);
    const depth = (channels / groups) * sizeOf(windows.kernel);
    const places = sizeOf(windows.output);
    const patches = reshape(windowPatches(value, windows), [batch, groups, depth, places]);
    const outputs = w.shape[0];
    const matrix = reshape(w, [groups, outputs / groups, depth]);
    // [groups, outputs / groups, batch, places], brought to the order of the result.
    const product = lax.dotGeneral(matrix, patches, { contract: [[2], [2]], batch: [[0], [1]] });
    return reshape(lax.transpose(product, [2, 0, 1, 3]), [batch, outputs, ...windows.output]);
  });
}

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  readonly padding?: PerAxis | 0;
  /** Extra places at the end of each spatial axis, to choose among the extents that a stride maps to one (default 0). */
  readonly outputPadding?: PerAxis | 0;
}

const widths = (op: string, what: string, given: PerAxis | 0, rank: number): number[] =>
  given === 0 ? new Array<number>(rank).fill(0) : perAxis(op, what, given, rank);

/**
 * The transpose of `conv` as a linear map: x [N, C, …spatial] and weights [C, O / groups, …window] give
 * [N, O, …] of extent stride (n - 1) - 2 padding + dilation (window - 1) + outputPadding + 1.
 * @throws ShapeError when channels do not fit; ArgumentError for bad options.
 */
export function convTranspose(x: TensorLike, weights: TensorLike, options: ConvTransposeOptions = {}): Tensor {
  const {
    stride = 1,
    padding = 0,
    dilation = 1,
    outputPadding = 0,
    groups = 1,
  } = checkedOptions('convTranspose', options, ['stride', 'padding', 'dilation', 'outputPadding', 'groups']);
  return composite('convTranspose', () => {
    const [value, w] = contractionOperands([x, weights]);
    checkConv('convTranspose', value, w, w.shape[0], groups);
    const rank = value.ndim - 2;
    const strides = perAxis('convTranspose', 'stride', stride, rank);
    const dilations = perAxis('convTranspose', 'dilation', dilation, rank);
    const cut = widths('convTranspose', 'padding', padding, rank);
    const extra = widths('convTranspose', 'outputPadding', outputPadding, rank);
    const reach = w.shape.slice(2).map((extent, i) => dilations[i] * (extent - 1) - cut[i]);
    if (reach.some((places) => places < 0)) {
      throw new ArgumentError(
        `convTranspose: padding ${cut.join(', ')} is wider than the window reaches. Use less padding.`,
      );
    }
    // Between neighbours stand stride - 1 zeros, and the window runs over them backwards.
    const none = [0, 0];
    const spread = lax.pad(value, [...none, ...reach], [...none, ...reach.map((places, i) => places + extra[i])], 0, [
      ...none,
      ...strides.map((step) => step - 1),
    ]);
    return conv(spread as Tensor, swapChannels(w, groups), { dilation, groups });
  });
}

/** Weights [C, O / groups, …window] as [O, C / groups, …window], with the windows reversed. */
function swapChannels(w: Tensor, groups: number): Tensor {
  const [channels, outputs, ...window] = w.shape;
  const grouped = reshape(lax.rev(w, range(2, w.ndim)) as Tensor, [groups, channels / groups, outputs, ...window]);
  const swapped = lax.transpose(grouped, [0, 2, 1, ...range(3, grouped.ndim)]) as Tensor;
  return reshape(swapped, [groups * outputs, channels / groups, ...window]);
}
