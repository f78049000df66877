import { acrossFrom } from '../exchange.ts';
import { type Combination, fromBits, toBits } from './combine.ts';
import { type Kernel, WORKGROUP } from './kernel.ts';
import { elementType, u32 } from './wgsl-types.ts';

/** The lanes of a workgroup that share a result: how many, and how far apart their numbers are. Both are powers of two. */
export interface Sharers {
  readonly count: number;
  readonly apart: number;
}

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
  const lines = near < all ? throughMemory(kernel, combination, own, all, near) : [];
  const inMemory = near < all;
  kernel.exchanges ||= near > apart;
  for (let distance = near / 2; distance >= apart; distance /= 2) {
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
  const lines = [put];
  for (let left = all; left > near; left /= 2) {
    const half = u32(left / 2);
    const others = shared.map((name, i) => fromBits(`${name}[lane + ${half}]`, parts[i].dtype));
    lines.push('workgroupBarrier();', `if (lane % ${u32(all)} < ${half}) {`);
    lines.push(...joined(kernel, combination, own, others), left / 2 > near ? put : '', '}');
  }
  return lines;
}
