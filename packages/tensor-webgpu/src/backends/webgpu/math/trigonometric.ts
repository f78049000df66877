import { wgsl } from './function.ts';
import { float, isFinite, nan, polynomial } from './numbers.ts';

/** Up to here three float parts of π/2 leave an exact remainder: the count of quarter turns has 7 bits. */
const FLOAT_RANGE = 200;
/** π/2 in parts of 17, 17 and 24 bits. */
const PARTS = [1.5707855224609375, 1.0804273188114166e-5, 6.07710062827671e-11];
/** 32 zeros, and the first 224 binary digits of 2/π after the point. */
const TWO_OVER_PI = [0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab];
/** Minimax fit of (sin r/r − 1)/r² in r² on |r| ≤ π/4, relative error 2⁻³² of sin r. */
const SIN = [-0.166666672, 0.0083333794, -0.000198530717, 2.83268014e-6];
/** Minimax fit of (cos r − 1 + r²/2)/r⁴ in r² on |r| ≤ π/4, relative error 2⁻³³ of cos r. */
const COS = [0.0416666456, -0.00138873095, 2.44323383e-5];

/** The high and the low word of a product. */
const wideProduct = wgsl(`
fn math_wide_product(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
  return vec2u((a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u), (second << 16u) | (low & 0xffffu));
}`);

/** The remainder r of |x| by quarter turns, and their count modulo 4 as a float's bits. */
const largeQuarterTurns = wgsl(
  `
const MATH_TWO_OVER_PI = array(${TWO_OVER_PI.map((word) => `${word}u`).join(', ')});
fn math_large_quarter_turns(magnitude: f32) -> vec2f {
  let bits = bitcast<u32>(magnitude);
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  // |x| is the mantissa times 2^(e - 150): digits of 2/pi of weight 4 and more after that shift give whole turns.
  let skip = (bits >> 23u) - 120u;
  let word = skip >> 5u;
  let shift = skip & 31u;
  var digits = array<u32, 3>();
  for (var i = 0u; i < 3u; i++) {
    let next = select(0u, MATH_TWO_OVER_PI[word + i + 1u] >> (32u - shift), shift != 0u);
    digits[i] = (MATH_TWO_OVER_PI[word + i] << shift) | next;
  }
  // The product modulo 2^96, in units of 2^-94 quarter turns.
  let middle = math_wide_product(mantissa, digits[1]);
  let carry = math_wide_product(mantissa, digits[2]).x;
  let low = middle.y + carry;
  let high = mantissa * digits[0] + middle.x + select(0u, 1u, low < carry);
  let quarters = (high + 0x20000000u) >> 30u;
  let rest = high - (quarters << 30u);
  let negative = (rest >> 31u) != 0u;
  // The distance from the nearest quarter turn, as 62 bits.
  let distanceLow = select(low, ~low + 1u, negative);
  let distanceHigh = select(rest, ~rest + select(0u, 1u, low == 0u), negative);
  var lead = countLeadingZeros(distanceHigh);
  var top = distanceHigh;
  if (lead == 32u) {
    lead = 32u + countLeadingZeros(distanceLow);
    top = distanceLow << (lead & 31u);
  } else if (lead != 0u) {
    top = (distanceHigh << lead) | (distanceLow >> (32u - lead));
  }
  let fraction = f32(top) * bitcast<f32>((97u - lead) << 23u);
  let r = select(fraction, -fraction, negative) * ${float(Math.PI / 2)};
  return vec2f(r, bitcast<f32>(quarters));
}`,
  [wideProduct],
);

/**
 * |x| = q·π/2 + r with |r| ≤ π/4 (a little more at the edge): r, and q as a float's bits (Cody and Waite 1980; for large
 * angles Payne and Hanek 1983, in integers).
 */
const quarterTurns = wgsl(
  `
fn math_quarter_turns(magnitude: f32) -> vec2f {
  if (magnitude > ${float(FLOAT_RANGE)}) { return math_large_quarter_turns(magnitude); }
  let n = round(magnitude * ${float(2 / Math.PI)});
  let rest = fma(-n, ${float(PARTS[0])}, magnitude);
  let subtrahend = n * ${float(PARTS[1])};
  let difference = rest - subtrahend;
  // The first two steps are exact but for the rounding of the difference, which joins the third.
  let rounding = (rest - difference) - subtrahend;
  return vec2f(difference + fma(-n, ${float(PARTS[2])}, rounding), bitcast<f32>(u32(n)));
}`,
  [largeQuarterTurns],
);

/** sin r, cos r for |r| ≤ π/4. */
const sinCosNear = wgsl(`
fn math_sin_cos_near(r: f32) -> vec2f {
  let z = r * r;
  return vec2f(
    fma(r * z, ${polynomial('z', SIN)}, r),
    fma(z * z, ${polynomial('z', COS)}, z * -0.5f) + 1f);
}`);

/** sin x, cos x. */
export const sinCos = wgsl(
  `
fn math_sin_cos(x: f32) -> vec2f {
  if (!math_is_finite(x)) { return vec2f(math_nan()); }
  let turns = math_quarter_turns(abs(x));
  let q = bitcast<u32>(turns.y);
  let near = math_sin_cos_near(turns.x);
  let parts = bitcast<vec2u>(select(near, near.yx, (q & 1u) != 0u));
  let sign = vec2u((q << 30u) ^ bitcast<u32>(x), (q + 1u) << 30u) & vec2u(0x80000000u);
  return bitcast<vec2f>(parts ^ sign);
}`,
  [isFinite, nan, quarterTurns, sinCosNear],
);

export const sin = wgsl(`fn math_sin(x: f32) -> f32 { return math_sin_cos(x).x; }`, [sinCos]);
export const cos = wgsl(`fn math_cos(x: f32) -> f32 { return math_sin_cos(x).y; }`, [sinCos]);
export const tan = wgsl(
  `
fn math_tan(x: f32) -> f32 {
  let parts = math_sin_cos(x);
  return parts.x / parts.y;
}`,
  [sinCos],
);
