import { acrossFrom } from '../exchange.ts';
import { type Combination, fromBits, toBits } from './combine.ts';
import { type Kernel, WORKGROUP } from './kernel.ts';
import { elementType, u32 } from './wgsl-types.ts';

/** The lanes of a workgroup that share a result: how many, and how far apart their numbers are. Both are powers of two. */
export interface Sharers {
  readonly count: number;
  readonly apart: number;
}

/** Values in workgroup memory that a lane puts together after one barrier: more of them make long code. */
const AT_ONCE = 4;

/**
 * Statements after which the first of the lanes that share a result has it in the variables `own`, where all of them have partial
 * ones; and whether they use workgroup memory, so that lanes wait before it is used again.
 *
 * The order is one tree: the first half of the lanes take what the second half has, and so on. Lanes that exchange registers
 * walk the same tree, and need neither memory nor barriers as soon as the halves are among them.
 */
export function joinLanes(
  kernel: Kernel,
  combination: Combination,
  own: readonly string[],
  { count, apart }: Sharers,
): { lines: readonly string[]; inMemory: boolean } {
  const { exchanging } = kernel.region;
  const all = count * apart;
  const near = Math.max(apart, Math.min(exchanging, all));
  const lines = near < all || exchanging === 1 ? throughMemory(kernel, combination, own, all, near) : [];
  const inMemory = lines.length > 0;
  if (exchanging > 1 && near > apart) kernel.exchanges = true;
  for (let distance = near / 2; distance >= apart && exchanging > 1; distance /= 2) {
    const theirs = own.map((name, i) => {
      const { dtype } = combination.parts[i];
      return fromBits(acrossFrom(toBits(name, dtype), distance), dtype);
    });
    lines.push(...joined(kernel, combination, own, theirs));
  }
  return { lines, inMemory };
}

/** Statements that combine expressions into variables. */
function joined(
  kernel: Kernel,
  combination: Combination,
  into: readonly string[],
  from: readonly string[],
): readonly string[] {
  const names = from.map(() => kernel.name('o'));
  const named = names.map((name, i) => `let ${name}: ${elementType(combination.parts[i].dtype)} = ${from[i]};`);
  return [...named, combination.join(into, names)];
}

/** Statements that put together what `all` lanes have until the first `near` of them have it. */
function throughMemory(
  kernel: Kernel,
  combination: Combination,
  own: readonly string[],
  all: number,
  near: number,
): string[] {
  const { parts } = combination;
  const shared = parts.map((_, i) => {
    const name = `shared${i}`;
    kernel.declare(name, `var<workgroup> ${name}: array<u32, ${WORKGROUP}>;`);
    return name;
  });
  const put = shared.map((name, i) => `${name}[lane] = ${toBits(own[i], parts[i].dtype)};`).join(' ');
  const at = (place: string): string[] => shared.map((name, i) => fromBits(`${name}[${place}]`, parts[i].dtype));
  const lines = [put];
  // Those that exchange registers all need what the first of them has; else only the first half goes on.
  const atOnce = kernel.region.exchanging > 1 ? AT_ONCE : 1;
  let left = all;
  for (; left > near * atOnce; left /= 2) {
    const half = u32(left / 2);
    const first = left === WORKGROUP ? `lane < ${half}` : `lane % ${u32(all)} < ${half}`;
    lines.push('workgroupBarrier();', `if (${first}) {`, ...joined(kernel, combination, own, at(`lane + ${half}`)));
    lines.push(left / 2 > near ? put : '', '}');
  }
  if (left === near) return lines;
  const origin = kernel.name('origin');
  lines.push('workgroupBarrier();', `let ${origin} = lane & ${u32(WORKGROUP - 1 - (left - near))};`);
  const found = Array.from({ length: left / near }, (_, j) => {
    if (j === 0) {
      lines.push(...at(origin).map((text, i) => `${own[i]} = ${text};`));
      return own;
    }
    return at(`${origin} + ${u32(j * near)}`).map((text, i) => {
      const name = kernel.name('far');
      lines.push(`var ${name}: ${elementType(parts[i].dtype)} = ${text};`);
      return name;
    });
  });
  for (let half = found.length / 2; half >= 1; half /= 2)
    for (let j = 0; j < half; j++) lines.push(combination.join(found[j], found[j + half]));
  return lines;
}
