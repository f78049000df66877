/**
 * How the time from a function to a program that runs grows with its length: `node … src/compileTime.ts [device] [longest]`.
 * On the device `reference` (the default) that is tracing, transforming, simplifying and checking, since it interprets what
 * comes out; on `cpu` also fusing, planning memory and emitting code. Printed are milliseconds for the longest programs and
 * the exponent p of time ~ length^p over all lengths: 1 is in proportion, and time(2n) is 2^p time(n).
 */
import * as ff from '@flowfield/tensor-webgpu';

type Tensor = ff.Tensor;
type Program = (x: Tensor) => Tensor;

/** Programs of about `length` operations on a small matrix; `salt` makes each a new one for the caches. */
const KINDS: Record<string, (length: number, salt: number) => Program> = {
  chain: (length, salt) => repeated(length, (x, i) => x.add(i + salt)),
  functions: (length, salt) => repeated(length - 1, (x) => x.sin(), salt),
  products: (length, salt) => repeated(length / 2, (x) => x.matmul(x).tanh(), salt),
  centring: (length, salt) => repeated(length / 2, (x) => x.sub(x.mean()), salt),
  views: (length, salt) => repeated(length / 2, (x, i) => x.reshape(i % 2 ? [4, 4] : [2, 8]).T, salt),
  fan: (length, salt) => (x) => {
    const terms = Array.from({ length: length / 2 }, (_, i) => x.mul(i + salt));
    return terms.reduce((a, b) => a.add(b));
  },
  tree: (length, salt) => (x) => {
    let terms = Array.from({ length: length / 2 }, (_, i) => x.mul(i + salt));
    while (terms.length > 1) terms = pairs(terms);
    return terms[0];
  },
  random: (length, salt) => (x) => {
    const made = [x.mul(salt)];
    const draw = drawer(length);
    for (let i = 0; i < length; i++) {
      const [a, b] = [made[draw(made.length)], made[Math.max(0, made.length - 1 - draw(8))]];
      made.push([() => a.add(b), () => b.sin(), () => a.mul(b).tanh(), () => b.sub(b.mean()), () => b.T][draw(5)]());
    }
    return made.slice(-8).reduce((a, b) => a.add(b));
  },
};

const TRANSFORMS: Record<string, (f: Program) => Program> = {
  value: (f) => f,
  grad: (f) => ff.grad((x: Tensor) => f(x).sum()),
  jvp: (f) => (x) => ff.jvp(f, [x], [x])[1],
  vmap: (f) => (x) => ff.vmap(f)(ff.stack([x, x])),
};

function repeated(rounds: number, step: (x: Tensor, i: number) => Tensor, salt = 1): Program {
  return (x) => {
    let y = x.mul(salt);
    for (let i = 0; i < rounds; i++) y = step(y, i);
    return y;
  };
}

const pairs = (terms: readonly Tensor[]): Tensor[] =>
  terms.flatMap((a, i) => (i % 2 ? [] : i + 1 < terms.length ? [a.add(terms[i + 1])] : [a]));

/** Whole numbers below a bound, the same at every run. */
function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

let salts = 0;

/** Milliseconds of a first call, the mean over as many programs as make the same number of operations for every length. */
function firstCall(kind: string, transform: string, length: number, x: Tensor): number {
  const programs = (2 * longest) / length;
  let total = 0;
  for (let i = 0; i < programs; i++) {
    const f = ff.jit(TRANSFORMS[transform](KINDS[kind](length, 1 + ++salts / 4096)));
    const start = threadTime();
    f(x).dispose();
    total += threadTime() - start;
    ff.clearCaches();
  }
  return total / programs;
}

/** Milliseconds that this thread has worked, so that other work on the machine does not count. */
function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Slope of a straight line through the points, least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([a]) => a), mean(([, b]) => b)];
  return mean(([a, b]) => (a - x) * (b - y)) / mean(([a]) => (a - x) ** 2);
}

const device = process.argv[2] ?? 'reference';
const longest = Number(process.argv[3] ?? 8000);
ff.defaultDevice(device);
const lengths = [8, 4, 2, 1].map((part) => longest / part);
const x = ff.eye(4).add(0.5);
console.log(`${device}: ms at ${longest} operations, and exponent over ${lengths.join(', ')}`);
console.log(
  `${''.padEnd(12)}${Object.keys(TRANSFORMS)
    .map((name) => name.padStart(16))
    .join('')}`,
);
for (const kind of Object.keys(KINDS)) {
  const cells = Object.keys(TRANSFORMS).map((transform) => {
    try {
      firstCall(kind, transform, lengths[0], x);
      const times = lengths.map((length) => firstCall(kind, transform, length, x));
      const exponent = slope(lengths.map((length, i) => [Math.log(length), Math.log(times[i])]));
      return `${times[times.length - 1].toFixed(0)} ^${exponent.toFixed(2)}`;
    } catch (error) {
      return (error as Error).name;
    }
  });
  console.log(`${kind.padEnd(12)}${cells.map((cell) => cell.padStart(16)).join('')}`);
}
