import type { Combination } from './combine.ts';
import { type Kernel, WORKGROUP } from './kernel.ts';
import { joinLanes } from './lanes.ts';
import { elementType, u32 } from './wgsl-types.ts';

/** How the lanes of a workgroup share the work of reductions. */
export interface Shares {
  /** Lanes that share one result: a power of two up to a workgroup. */
  readonly perResult: number;
  /** Whether neighbouring lanes take neighbouring elements of one result; otherwise neighbouring results. */
  readonly along: boolean;
}

/** Results that a workgroup has under way at once. */
export const resultsAtOnce = ({ perResult }: Shares): number => WORKGROUP / perResult;

/** Lanes that keep a large device busy. */
export const BUSY_LANES = 1 << 16;
/** Results from which on lanes share one only when they have many terms each: they wait for each other. */
const MANY_RESULTS = 1024;
const MANY_TERMS = 128;
/** Terms that one lane takes in turn without need. */
const FEW_TERMS = 8;
/** From so many terms on, a result may be computed in pieces. */
export const LONG_SUM = 4096;
/** From so many elements on, memory sets the pace, and so many lanes beside each other use what it brings. */
export const MUCH_MEMORY = 1 << 18;
export const LANES_ALONG = 8;
/** Most lanes of one result where neighbours read neighbouring columns: the more share one, the fewer columns they read. */
const LANES_ACROSS = { few: 16, many: 4 };
/** From so many columns on there are lanes enough without. */
const MANY_COLUMNS = 2048;

/** The lanes for each of `results` sums of `terms` terms; at least `least` of them. */
export function sharesFor(results: number, terms: number, along: boolean, least = 1): Shares {
  const most = along ? WORKGROUP : LANES_ACROSS[terms > LONG_SUM || results >= MANY_COLUMNS ? 'many' : 'few'];
  let perResult = least;
  while (perResult < most && perResult * FEW_TERMS < terms) {
    const enough = terms >= perResult * MANY_TERMS ? BUSY_LANES : MANY_RESULTS;
    if (results * perResult >= enough) break;
    perResult *= 2;
  }
  return { perResult, along };
}

/** Reductions of which each lane takes a share. */
export interface Gathering {
  readonly shares: Shares;
  readonly combination: Combination;
  /** First and last (excluded) result, as expressions that are the same in all lanes. */
  readonly from: string;
  readonly to: string;
  /** Statements about a result that its terms share, such as where it begins. */
  readonly begin: (result: string) => string;
  /** The range of terms of a result, as expressions. */
  readonly terms: readonly [string, string];
  /** Statements that compute a term of a result, and the partial result that it is. */
  readonly term: (position: string, result: string) => { readonly text: string; readonly parts: readonly string[] };
  /** Whether results may lie where lanes of the same result read: then they wait for each other before one is written. */
  readonly overwrites?: boolean;
  /** Statements that take the parts of a finished result. */
  readonly end: (result: string, parts: readonly string[]) => string;
}

/**
 * Statements of a workgroup that reduces results `from` to `to`. Lanes sum in their own order and are combined in a tree,
 * so that the outcome depends on nothing but the program.
 */
export function gathering(kernel: Kernel, work: Gathering): string {
  const { shares, combination, from, to, terms } = work;
  const { perResult, along } = shares;
  const results = resultsAtOnce(shares);
  const [first, result, term, own] = ['g', 'result', 't', 'own'].map((name) => kernel.name(name));
  const sums = combination.parts.map((_, i) => `${own}_${i}`);
  const lines: string[] = [];
  lines.push(`let ${own}_result = ${along ? `lane / ${u32(perResult)}` : `lane % ${u32(results)}`};`);
  lines.push(`let ${own}_share = ${along ? `lane % ${u32(perResult)}` : `lane / ${u32(results)}`};`);
  lines.push(`for (var ${first} = ${from}; ${first} < ${to}; ${first} += ${u32(results)}) {`);
  lines.push(`let ${result} = ${first} + ${own}_result;`);
  combination.parts.forEach(({ dtype, start }, i) => {
    lines.push(`var ${sums[i]}: ${elementType(dtype)} = ${start};`);
  });
  const begin = work.begin(result);
  lines.push(`if (${result} < ${to}) {`, begin);
  const step = perResult === 1 ? `${term}++` : `${term} += ${u32(perResult)}`;
  const start = perResult === 1 ? terms[0] : `${terms[0]} + ${own}_share`;
  lines.push(`for (var ${term} = ${start}; ${term} < ${terms[1]}; ${step}) {`);
  const made = work.term(term, result);
  const given = made.parts.map((part, i) => {
    const name = kernel.name('n');
    return { name, text: `let ${name}: ${elementType(combination.parts[i].dtype)} = ${part};` };
  });
  lines.push(made.text, ...given.map(({ text }) => text));
  lines.push(
    combination.join(
      sums,
      given.map(({ name }) => name),
    ),
    '}',
  );
  const end = work.end(result, sums);
  if (perResult === 1) lines.push(end, '}', '}');
  else {
    lines.push('}');
    // Lanes of one result are neighbours, or as far apart as there are results.
    const { lines: joins, inMemory } = joinLanes(kernel, combination, sums, {
      count: perResult,
      apart: along ? 1 : results,
    });
    lines.push(...joins, work.overwrites ? 'storageBarrier();' : '');
    lines.push(`if (${own}_share == 0u && ${result} < ${to}) {`, begin, end, '}');
    if (inMemory) lines.push('workgroupBarrier();');
    lines.push('}');
  }
  return lines.filter((line) => line !== '').join('\n');
}
