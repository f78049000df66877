import { checkNumbers, checkSpecial, sameBits } from './boundaries.ts';
import { laterDifferences, randomNumbers } from './numbers.ts';
import {
  type Apply,
  boundOf,
  type CheckedLibrary,
  type CheckedOp,
  type CheckedTensor,
  compare,
  draw,
  epsilon,
  fail,
  isFloat,
  type Operands,
  ORACLE,
  sameShape,
  sizeOf,
  tensors,
} from './operands.ts';

export type { CheckedLibrary, CheckedOp } from './operands.ts';

/** Sizes mapped over by the check of vmap. */
const BATCH = 3;
/** Relative agreement with finite differences of fourth order in float64. */
const DIFFERENCE_TOLERANCE = 2e-6;
/** Relative agreement of forward and reverse mode in float64. */
const DUALITY_TOLERANCE = 1e-9;
/** How much larger than the function's own bound the error of its derivative on the device may be. */
const DERIVATIVE_FACTOR = 16;

export interface OpReport {
  readonly name: string;
  /** Largest error in ULP, by dtype. */
  readonly worstUlp: Readonly<Record<string, number>>;
}

/**
 * Checks one function on one device: shape, dtype and values against the float64 oracle, at special numbers too; jit
 * against eager, bit by bit; plain numbers against tensors; vmap against a loop; forward and reverse derivatives, up to
 * the promised order, against each other and against differences in float64; the derivative on the device against the
 * oracle's. Throws on the first broken promise.
 */
export async function checkOp(
  library: CheckedLibrary,
  op: CheckedOp,
  device: string,
  deviceDTypes: readonly string[],
): Promise<OpReport> {
  const worstUlp: Record<string, number> = {};
  for (const dtype of op.dtypes ?? ['f32', 'f64']) {
    if (!deviceDTypes.includes(dtype)) continue;
    const operands = draw(op, dtype, 0);
    worstUlp[dtype] = await checkForward(library, op, device, dtype, operands);
    await checkJit(library, op, device, dtype, operands);
    if (op.special !== false) await checkSpecial(library, op, device, dtype);
    await checkNumbers(library, op, device, dtype, operands);
    await checkVmap(library, op, device, dtype);
    const moving = operands.dtypes.some((_, i) => op.examples[i].dtype === undefined);
    if (isFloat(dtype) && moving && (op.order ?? 2) >= 1)
      await checkDeviceDerivative(library, op, device, dtype, operands);
  }
  if (device === ORACLE && (op.order ?? 2) >= 1) await checkDerivatives(library, op, draw(op, 'f64', 1));
  return { name: op.name, worstUlp };
}

async function checkForward(
  library: CheckedLibrary,
  op: CheckedOp,
  device: string,
  dtype: string,
  operands: Operands,
): Promise<number> {
  const actual: CheckedTensor = op.apply(...tensors(library, operands, device));
  const same: CheckedTensor = op.apply(...tensors(library, operands, ORACLE));
  if (!sameShape(actual, same) || actual.dtype !== same.dtype) {
    fail(
      op,
      `${device} ${dtype}`,
      `expected ${same.dtype}[${same.shape.join()}], got ${actual.dtype}[${actual.shape.join()}].`,
    );
  }
  const exact: CheckedTensor = op.apply(...tensors(library, operands, ORACLE, 'f64'));
  const unit = isFloat(actual.dtype) ? epsilon(actual.dtype) : 1;
  return compare(
    op,
    `${device} ${dtype}`,
    await actual.data(),
    await exact.data(),
    unit,
    boundOf(op, dtype),
    op.scale ?? 0,
  ).worst;
}

async function checkJit(
  library: CheckedLibrary,
  op: CheckedOp,
  device: string,
  dtype: string,
  operands: Operands,
): Promise<void> {
  const args = tensors(library, operands, device);
  const eager: CheckedTensor = op.apply(...args);
  const compiled: CheckedTensor = library.jit(op.apply)(...args);
  if (!sameShape(eager, compiled) || eager.dtype !== compiled.dtype)
    fail(op, `jit ${device} ${dtype}`, 'shape or dtype differs from the eager call.');
  sameBits(op, `jit ${device} ${dtype}`, await compiled.data(), await eager.data());
}

async function checkVmap(library: CheckedLibrary, op: CheckedOp, device: string, dtype: string): Promise<void> {
  const batch = Array.from({ length: BATCH }, (_, i) => draw(op, dtype, i + 2));
  const stacked: Operands = {
    dtypes: batch[0].dtypes,
    shapes: batch[0].shapes.map((shape) => [BATCH, ...shape]),
    data: batch[0].data.map((_, k) => Float64Array.from(batch.flatMap(({ data }) => [...data[k]]))),
  };
  const mapped: CheckedTensor = library.vmap(op.apply)(...tensors(library, stacked, device));
  const single: CheckedTensor[] = batch.map((operands) => op.apply(...tensors(library, operands, device)));
  const expected = (await host(single)).flatMap((result) => Array.from(result));
  if (mapped.shape.join() !== [BATCH, ...single[0].shape].join()) {
    fail(
      op,
      `vmap ${device} ${dtype}`,
      `expected shape [${[BATCH, ...single[0].shape].join()}], got [${mapped.shape.join()}].`,
    );
  }
  const unit = isFloat(mapped.dtype) ? epsilon(mapped.dtype) : 1;
  compare(op, `vmap ${device} ${dtype}`, await mapped.data(), expected, unit, 2 * boundOf(op, dtype), op.scale ?? 0);
}

/** The operands that are differentiated, and the function of them alone. */
function movingPart(
  op: CheckedOp,
  operands: readonly CheckedTensor[],
): { f: Apply; moving: CheckedTensor[]; places: number[] } {
  const places = op.examples.flatMap((example, i) => (example.dtype === undefined ? [i] : []));
  const f: Apply = (...moved) => {
    const all = [...operands];
    places.forEach((place, i) => {
      all[place] = moved[i];
    });
    return op.apply(...all);
  };
  return { f, moving: places.map((place) => operands[place]), places };
}

/** Random directions for tensors, on the same device. */
function directions(
  library: CheckedLibrary,
  name: string,
  like: readonly CheckedTensor[],
  device: string,
): CheckedTensor[] {
  const next = randomNumbers(name);
  return like.map(({ shape, dtype }) =>
    library.tensor(
      Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * next() - 1)),
      { shape, dtype, device },
    ),
  );
}

const inner = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number =>
  a.reduce((sum, x, k) => sum + Array.from(x).reduce((total, value, i) => total + value * b[k][i], 0), 0);

const host = (list: readonly CheckedTensor[]): Promise<ArrayLike<number>[]> =>
  Promise.all(list.map((tensor) => tensor.data()));

async function checkDeviceDerivative(
  library: CheckedLibrary,
  op: CheckedOp,
  device: string,
  dtype: string,
  operands: Operands,
): Promise<void> {
  const gradient = async (place: string, floatType?: string): Promise<ArrayLike<number>> => {
    const { f, moving } = movingPart(op, tensors(library, operands, place, floatType));
    const [value, pull] = library.vjp(f, ...moving);
    const parts = await host(pull(directions(library, `${op.name} cotangent`, [value], place)[0]));
    return parts.flatMap((part) => Array.from(part));
  };
  const exact = await gradient(ORACLE, 'f64');
  const largest = Array.from(exact).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const bound = DERIVATIVE_FACTOR * Math.max(1, boundOf(op, dtype));
  compare(
    op,
    `gradient on ${device} ${dtype}`,
    await gradient(device),
    exact,
    epsilon(dtype),
    bound,
    Math.max(largest, op.scale ?? 0),
  );
}

/** Derivatives in float64 on the oracle: forward against differences, reverse against forward, second against differences. */
async function checkDerivatives(library: CheckedLibrary, op: CheckedOp, operands: Operands): Promise<void> {
  const { f, moving, places } = movingPart(op, tensors(library, operands, ORACLE));
  const along = directions(library, `${op.name} tangent`, moving, ORACLE);
  const points = places.map((place) => operands.data[place]);
  const steps = await host(along);
  const at = (t: number): CheckedTensor[] =>
    moving.map(({ shape, dtype }, k) =>
      library.tensor(
        points[k].map((x, i) => x + t * steps[k][i]),
        { shape, dtype, device: ORACLE },
      ),
    );

  const [value, derivative] = library.jvp(f, moving, along);
  const expected = await laterDifferences((t) => (f(...at(t)) as CheckedTensor).data());
  compare(
    op,
    'jvp against differences',
    await derivative.data(),
    expected,
    1,
    DIFFERENCE_TOLERANCE,
    largestOf(expected),
  );

  const [cotangent] = directions(library, `${op.name} cotangent`, [value], ORACLE);
  const gradient = (...xs: CheckedTensor[]): CheckedTensor[] => library.vjp(f, ...xs)[1](cotangent);
  const forward = inner([await derivative.data()], [await cotangent.data()]);
  const backward = inner(await host(gradient(...moving)), steps);
  compare(op, 'vjp against jvp', [backward], [forward], 1, DUALITY_TOLERANCE, 1);

  if ((op.order ?? 2) < 2) return;
  const flat = async (list: readonly CheckedTensor[]): Promise<number[]> =>
    (await host(list)).flatMap((part) => Array.from(part));
  const [, second] = library.jvp(gradient as Apply, moving, along) as unknown as [unknown, CheckedTensor[]];
  const expectedSecond = await laterDifferences((t) => flat(gradient(...at(t))));
  compare(
    op,
    'second derivative against differences',
    await flat(second),
    expectedSecond,
    1,
    DIFFERENCE_TOLERANCE,
    largestOf(expectedSecond),
  );
}

const largestOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
