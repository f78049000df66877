/**
 * Functions of real numbers to more than 300 binary digits below the smallest double: integers that count units of
 * `2^-BITS`. The oracle for functions of doubles, which no float arithmetic at hand could judge.
 */
const BITS = 1400;
const P = BigInt(BITS);
export const UNIT = 1n << P;

const view = new DataView(new ArrayBuffer(8));

/** A finite double exactly. */
export function fixed(x: number): bigint {
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const shift = P + BigInt(Math.max(exponent, 1)) - 1075n;
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return bits >> 63n ? -size : size;
}

const abs = (x: bigint): bigint => (x < 0n ? -x : x);
const mul = (a: bigint, b: bigint): bigint => (a * b) >> P;
const div = (a: bigint, b: bigint): bigint => (a << P) / b;

export function sqrt(x: bigint): bigint {
  if (x <= 0n) return 0n;
  const wanted = x << P;
  let root = 1n << BigInt((wanted.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + wanted / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** |error| in units in the last place of the exact result, or of `2^least` where that is larger; to thousandths. */
export function ulpsFrom(got: number, wanted: bigint, least = -1022): number {
  const size = abs(wanted);
  const exponent = Math.max(size.toString(2).length - 1 - BITS, least);
  const overflow = got === Infinity || got === -Infinity;
  const reached = overflow ? (got > 0 ? 1n : -1n) << (P + 1024n) : fixed(got);
  const place = P + BigInt(exponent - 52);
  return Number((abs(reached - wanted) * 1000n) >> place) / 1000;
}

/** Σ of terms until they vanish. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  let term = first;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = next(term, n);
  }
  return sum;
}

/** arctan x for small x by its series. */
function smallAtan(x: bigint): bigint {
  const square = mul(x, x);
  let power = x;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / (n % 4n === 1n ? n : -n);
    power = mul(power, square);
  }
  return sum;
}

/** π in units of 2^-(BITS + 1100), for the reduction of the largest doubles: Machin's formula. */
const EXTRA = 1100n;
const LONG_PI = ((): bigint => {
  const unit = 1n << (P + EXTRA);
  const inverseAtan = (n: bigint): bigint => {
    let power = unit / n;
    let sum = 0n;
    for (let k = 1n; power !== 0n; k += 2n) {
      sum += power / (k % 4n === 1n ? k : -k);
      power /= n * n;
    }
    return sum;
  };
  return 4n * (4n * inverseAtan(5n) - inverseAtan(239n));
})();
export const PI = LONG_PI >> EXTRA;
const LN2 = ((): bigint => {
  // 2 artanh(1/3).
  let power = (2n * UNIT) / 3n;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power /= 9n;
  }
  return sum;
})();

/** eˣ: halvings, Taylor, squarings. */
export function exp(x: bigint): bigint {
  const n = x / LN2;
  const halvings = 24n;
  let result = series(UNIT, (term, k) => mul(term, (x - n * LN2) >> halvings) / k);
  for (let i = 0n; i < halvings; i++) result = mul(result, result);
  return n >= 0n ? result << n : result >> -n;
}

/** ln x of x > 0: from a double by the series of ln(1 + small). */
export function log(x: bigint): bigint {
  const exponent = BigInt(x.toString(2).length - 1) - P;
  const m = exponent >= 0n ? x >> exponent : x << -exponent;
  const start = fixed(Math.log(Number(m >> (P - 60n)) / 2 ** 60));
  const s = mul(m, exp(-start)) - UNIT;
  const turned = div(s, 2n * UNIT + s);
  const square = mul(turned, turned);
  let power = 2n * turned;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = mul(power, square);
  }
  return exponent * LN2 + start + sum;
}

/** sin and cos of an angle of any size. */
export function sinCos(x: bigint): { sin: bigint; cos: bigint } {
  const long = x << EXTRA;
  const halfPi = LONG_PI / 2n;
  let n = long / halfPi;
  if (long < 0n) n -= 1n;
  const r = (long - n * halfPi) >> EXTRA;
  const square = -mul(r, r);
  const sin = series(r, (term, k) => mul(term, square) / (2n * k * (2n * k + 1n)));
  const cos = series(UNIT, (term, k) => mul(term, square) / (2n * k * (2n * k - 1n)));
  const turned = ((n % 4n) + 4n) % 4n;
  if (turned === 0n) return { sin, cos };
  if (turned === 1n) return { sin: cos, cos: -sin };
  return turned === 2n ? { sin: -sin, cos: -cos } : { sin: -cos, cos: sin };
}

export const ratio = div;
export const product = mul;

/** arctan x: from a double by the series of the rest. */
export function atan(x: bigint): bigint {
  if (abs(x) > UNIT) return (x > 0n ? 1n : -1n) * (PI / 2n - atan(div(UNIT, abs(x))));
  const start = fixed(Math.atan(Number(x >> (P - 1000n)) * 2 ** -1000));
  const { sin, cos } = sinCos(start);
  const tan = div(sin, cos);
  return start + smallAtan(div(x - tan, UNIT + mul(x, tan)));
}

/** 2/√π e^(−x²) Σ 2ⁿ x^(2n+1)/(2n + 1)!!. */
export function erf(x: bigint): bigint {
  const square = mul(x, x);
  const sum = series(x, (term, n) => (mul(term, square) * 2n) / (2n * n + 1n));
  return div(2n * sum, mul(exp(square), sqrt(PI)));
}

/** B₀, B₁, B₂, … as fractions, by the recurrence of Σ (n+1 choose k) Bₖ = 0. */
const BERNOULLI: readonly (readonly [bigint, bigint])[] = ((): (readonly [bigint, bigint])[] => {
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
  const numbers: [bigint, bigint][] = [[1n, 1n]];
  for (let n = 1n; n <= 120n; n++) {
    let [top, bottom] = [0n, 1n];
    let choose = 1n;
    for (let k = 0n; k < n; k++) {
      const [a, b] = numbers[Number(k)];
      [top, bottom] = [top * b + choose * a * bottom, bottom * b];
      const divisor = gcd(abs(top), bottom);
      if (divisor > 1n) [top, bottom] = [top / divisor, bottom / divisor];
      choose = (choose * (n + 1n - k)) / (k + 1n);
    }
    numbers.push([-top, bottom * (n + 1n)]);
  }
  return numbers;
})();
/** Arguments from here on make the asymptotic series good to 200 bits. */
const FAR = 60n;

/** log Γ(x) of x > 0, to about 200 bits. */
export function lgamma(x: bigint): bigint {
  let rising = UNIT;
  let y = x;
  for (; y < FAR * UNIT; y += UNIT) rising = mul(rising, y);
  let sum = mul(y - UNIT / 2n, log(y)) - y + log(2n * PI) / 2n;
  let power = div(UNIT, y);
  const square = mul(power, power);
  for (let k = 1; k <= 55; k++) {
    const [a, b] = BERNOULLI[2 * k];
    sum += (power * a) / (b * BigInt(2 * k * (2 * k - 1)));
    power = mul(power, square);
  }
  return sum - log(rising);
}

/** ψ(x) of x > 0. */
export function digamma(x: bigint): bigint {
  let shift = 0n;
  let y = x;
  for (; y < FAR * UNIT; y += UNIT) shift += div(UNIT, y);
  const square = div(UNIT, mul(y, y));
  let sum = log(y) - div(UNIT, y) / 2n;
  let power = square;
  for (let k = 1; k <= 55; k++) {
    const [a, b] = BERNOULLI[2 * k];
    sum -= (power * a) / (b * BigInt(2 * k));
    power = mul(power, square);
  }
  return sum - shift;
}

/** The derivative of ψ of an order ≥ 1 at x > 0. */
export function polygamma(order: number, x: bigint): bigint {
  const s = order + 1;
  const inverse = (y: bigint, exponent: number): bigint => {
    let power = UNIT;
    for (let i = 0; i < exponent; i++) power = div(power, y);
    return power;
  };
  let sum = 0n;
  let y = x;
  for (; y < FAR * UNIT; y += UNIT) sum += inverse(y, s);
  sum += inverse(y, s - 1) / BigInt(s - 1) + inverse(y, s) / 2n;
  const square = mul(y, y);
  let factor = (inverse(y, s + 1) * BigInt(s)) / 2n;
  for (let k = 1; k <= 50; k++) {
    const [a, b] = BERNOULLI[2 * k];
    sum += (factor * a) / b;
    const at = 2 * k;
    factor = div(factor * BigInt((s + at - 1) * (s + at)), square) / BigInt((at + 1) * (at + 2));
  }
  let factorial = 1n;
  for (let i = 2n; i <= BigInt(order); i++) factorial *= i;
  return (order % 2 === 0 ? -1n : 1n) * factorial * sum;
}
