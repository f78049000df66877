import { gather, searchsorted, sqrt, type Tensor, tensor } from '@flowfield/tensor-webgpu';

/** A strictly increasing C¹ function through knots, with its inverse. */
export interface MonotoneSpline {
  /** Ascending. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Positive derivatives at the knots. */
  readonly slope: readonly number[];
}

/** The two knots around each point, and what the formulas need of them. */
interface Cell {
  readonly x0: Tensor;
  readonly width: Tensor;
  readonly y0: Tensor;
  readonly height: Tensor;
  readonly slope0: Tensor;
  readonly slope1: Tensor;
  /** height / width */
  readonly secant: Tensor;
}

function cellOf(spline: MonotoneSpline, by: 'x' | 'y', at: Tensor): Cell {
  const table = (values: readonly number[]): Tensor =>
    tensor(values as number[], { dtype: at.dtype, device: at.device?.name });
  const index = searchsorted(table(spline[by]), at, { side: 'right' })
    .sub(1)
    .clip(0, spline.x.length - 2);
  const pick = (values: readonly number[]): Tensor => gather(table(values), index);
  // Differences are taken in double precision, before they become a table of the dtype of the points.
  const steps = (values: readonly number[]): number[] => values.slice(1).map((value, i) => value - values[i]);
  const [widths, heights] = [steps(spline.x), steps(spline.y)];
  return {
    x0: pick(spline.x.slice(0, -1)),
    width: pick(widths),
    y0: pick(spline.y.slice(0, -1)),
    height: pick(heights),
    slope0: pick(spline.slope.slice(0, -1)),
    slope1: pick(spline.slope.slice(1)),
    secant: pick(heights.map((height, i) => height / widths[i])),
  };
}

/** s + (d0 + d1 - 2s) ξ (1 - ξ) */
const bend = ({ slope0, slope1, secant }: Cell): Tensor => slope0.add(slope1).sub(secant.mul(2));

/** y at points x inside the knots: the rational quadratic of Gregory and Delbourgo 1982. */
export function splineAt(spline: MonotoneSpline, x: Tensor): Tensor {
  const cell = cellOf(spline, 'x', x);
  const share = x.sub(cell.x0).div(cell.width).clip(0, 1);
  const product = share.mul(share.neg().add(1));
  const rise = cell.secant.mul(share.square()).add(cell.slope0.mul(product));
  return cell.y0.add(cell.height.mul(rise).div(cell.secant.add(bend(cell).mul(product))));
}

/** x at values y inside the knots, and dy / dx there (Durkan et al. 2019, "Neural Spline Flows", eqs. 6-8). */
export function splineInverse(spline: MonotoneSpline, y: Tensor): { x: Tensor; slope: Tensor } {
  const cell = cellOf(spline, 'y', y);
  const part = y.sub(cell.y0).div(cell.height).clip(0, 1);
  const curve = bend(cell);
  const a = cell.secant.sub(cell.slope0).add(part.mul(curve));
  const b = cell.slope0.sub(part.mul(curve));
  const c = cell.secant.mul(part);
  const share = c.mul(2).div(b.add(sqrt(b.square().add(a.mul(c).mul(4)))));
  const rest = share.neg().add(1);
  const product = share.mul(rest);
  const numerator = cell.slope1
    .mul(share.square())
    .add(cell.secant.mul(product).mul(2))
    .add(cell.slope0.mul(rest.square()));
  const slope = cell.secant
    .square()
    .mul(numerator)
    .div(cell.secant.add(curve.mul(product)).square());
  return { x: cell.x0.add(cell.width.mul(share)), slope };
}
