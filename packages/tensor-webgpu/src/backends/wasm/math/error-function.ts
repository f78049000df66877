import { exp64, log64 } from './doubles.ts';
import { expOfModest } from './exponential.ts';
import type { Floats, Term } from './lanes.ts';
import { inDoubles } from './widen.ts';

/** Where the two fits of erf meet. */
const SMALL = 0.921875;
/** Minimax fit of erf(x)/x − 1 in x² for |x| up to `SMALL`, relative error 2⁻³⁰ of erf x. */
const ERF_SMALL = [
  0.128379166, -0.376126289, 0.112836257, -0.0268557277, 0.00519237714, -0.000804917421, 7.99279587e-5,
];
/** Minimax fit of −ln(1 − erf x)/x − 1 in x from `SMALL` to 4, relative error 2⁻³⁰ of erf x. */
const ERF_LARGE = [0.128649041, 0.635149062, 0.106240638, -0.0237653293, 0.0036440168, -0.000323190296, 1.12702382e-5];
/** From here on erf rounds to 1. */
const ERF_SATURATION = 4;

/** erf x. */
export function erf(v: Floats, x: Term): Term {
  const a = v.keep(v.atMost(v.abs(x), ERF_SATURATION));
  const square = v.keep(v.mul(a, a));
  const small = v.madd(a, v.polynomial(square, ERF_SMALL), a);
  const logarithm = v.keep(v.neg(v.madd(a, v.polynomial(a, ERF_LARGE), a)));
  const large = v.keep(v.sub(1, expOfModest(v, logarithm)));
  return v.copySign(v.select(v.lt(a, SMALL), small, large), x);
}

/** Minimax fit of (1 + 2x)·e^(x²)·erfc(x) in (x − 3)/(x + 3) for x in [0, 10.1], relative error 2⁻³⁶. */
const ERFC = [
  1.2530080582771335, -0.13562110640717115, -0.04756229572580394, 0.1296451752058692, -0.11927361482604099,
  0.06830776824588128, -0.023771211801926862, 0.0025309125051086105, 0.001893401942188926, -0.0007824751466574935,
  -0.0001199607564398998, 0.0001201522066221156, 2.2130017249591312e-5, -3.919496496687629e-6,
];
const ERFC_CENTER = 3;
/** Beyond, erfc of a float is 0 and its fit is not needed. */
const ERFC_END = 11;

/** erfc x = 1 − erf x, without loss of digits where it is small. */
export function erfc(v: Floats, x: Term): Term {
  return inDoubles(v, [x], (d, value) => {
    const a = d.keep(d.atMost(d.abs(value), ERFC_END));
    const t = d.keep(d.div(d.sub(a, ERFC_CENTER), d.add(a, ERFC_CENTER)));
    const scaled = d.div(d.polynomial(t, ERFC), d.madd(a, 2, 1));
    const right = d.keep(d.mul(scaled, exp64(d, d.keep(d.neg(d.mul(a, a))))));
    return d.select(d.lt(value, 0), d.sub(2, right), right);
  });
}

/** Where the two fits of the inverse meet, in w = −ln(1 − x²). */
const INVERSE_CENTER_END = 6;
const INVERSE_CENTER = 3;
/** Minimax fit of erf⁻¹(x)/x in w − 3 for w in [0, 6], relative error 2⁻³⁴. */
const INVERSE_CENTRAL = [
  1.6235420065161543, 0.24163040371264422, -0.005738135842675212, -0.0008361801756140305, 0.00019506250313605343,
  -1.2718078081374973e-5, -1.7488150178231568e-6, 4.507493465773657e-7, -2.3429842933276467e-8, -5.650789470790584e-9,
  1.0705194699166637e-9, -7.281680880704976e-12, -1.464006975558225e-11, 1.0141552871186137e-12,
];
const INVERSE_TAIL_CENTER = 3.25;
/** Minimax fit of erf⁻¹(x)/x in √w − 3.25 for w in [6, 16.8], relative error 2⁻³³: the float next to 1 has w = 15.9. */
const INVERSE_TAIL = [
  3.0838856102647405, 1.0052589693446043, 0.005370939265504872, -0.003751264514946872, 0.002491013547823652,
  -0.0016876963714761634, 0.0009559705425394894, -0.00035777047782471977, 1.6607314774738673e-5, 7.491882867702227e-5,
  -3.835965881775228e-5, 4.355808235500173e-6,
];

/** erf⁻¹ x: ±∞ at ±1, NaN outside [−1, 1]. The variable is that of Giles, "Approximating the erfinv function", 2010. */
export function erfInv(v: Floats, x: Term): Term {
  return inDoubles(v, [x], (d, value) => {
    const w = d.keep(d.neg(log64(d, d.keep(d.nmadd(value, value, 1)))));
    const center = d.keep(d.sub(w, INVERSE_CENTER));
    const tail = d.keep(d.sub(d.sqrt(w), INVERSE_TAIL_CENTER));
    const ratio = d.select(
      d.lt(w, INVERSE_CENTER_END),
      d.polynomial(center, INVERSE_CENTRAL),
      d.polynomial(tail, INVERSE_TAIL),
    );
    return d.mul(value, d.select(d.eq(w, Infinity), Infinity, ratio));
  });
}
