import { withoutUnused } from './draft.ts';
import { examine, type Verdict } from './examine.ts';
import { lightOperations, operations } from './operations/index.ts';
import { shrink } from './shrink.ts';
import { longSketch, type Sketch, sketch } from './sketch.ts';
import { runnable } from './text.ts';
import { laws, transforms } from './wraps.ts';
import { write } from './write.ts';

/** A program that does not do what it should, as small as it was found. */
export interface Finding {
  readonly seed: number;
  readonly why: string;
  /** A TypeScript file that shows it. */
  readonly program: string;
}

export interface FuzzReport {
  readonly programs: number;
  /** Programs that ask for a derivative that does not exist, and are told so. */
  readonly refused: number;
  /** Programs with results that are not finite. */
  readonly unsure: number;
  readonly operations: number;
  readonly findings: readonly Finding[];
}

const operationNames = Object.keys(operations);
const transformNames = Object.keys(transforms);
/** Transforms that keep a long program within a few times its length. */
const LONG_TRANSFORMS = ['grad', 'jvp', 'vmap', 'checkpoint'];
/** A wrong transpose shows only in the gradient, so that law is held twice as often. */
const lawNames = [...Object.keys(laws), 'duality'];

/**
 * Every so many programs one is run operation by operation, of these every other one on the reference device, and one is
 * held against a law of the transforms. Long ones are rare: each takes as long as a hundred others.
 */
const EAGER_EVERY = 8;
const LAW_EVERY = 3;
const LONG_EVERY = 500;

function sketchOf(seed: number): Sketch {
  if (seed % LONG_EVERY === LONG_EVERY - 1) return longSketch(seed, lightOperations, LONG_TRANSFORMS);
  const made = sketch(seed, operationNames, transformNames);
  // Laws are about numbers: 0 times infinity breaks them all.
  if (seed % LAW_EVERY !== 0 || made.special) return made;
  const name = lawNames[(seed / LAW_EVERY) % lawNames.length];
  return { ...made, wraps: [...made.wraps.slice(0, 1), { name, picks: made.steps[0].picks }] };
}

/** One program: written, run and compared; when wrong, made small. */
function fuzzOne(seed: number): { verdict: Verdict; operations: number; finding?: Finding } {
  const eager = seed % EAGER_EVERY === 0;
  const options = { eager, device: eager && seed % (2 * EAGER_EVERY) === 0 ? 'reference' : 'cpu' };
  const start = sketchOf(seed);
  let draft: ReturnType<typeof write>;
  try {
    draft = withoutUnused(write(start));
  } catch (error) {
    const why = `writing throws ${String(error)}\n${(error as Error).stack}`;
    return { verdict: { kind: 'wrong', why, signature: 'write' }, operations: 0, finding: { seed, why, program: '' } };
  }
  const verdict = examine(draft, options);
  if (verdict.kind !== 'wrong') return { verdict, operations: draft.statements.length };
  const same = (candidate: typeof draft): boolean => {
    const again = examine(candidate, options);
    return again.kind === 'wrong' && again.signature === verdict.signature;
  };
  const small = shrink(start, (from) => withoutUnused(write(from)), same);
  const last = examine(small, options);
  const why = last.kind === 'wrong' ? last.why : verdict.why;
  let program: string;
  try {
    program = runnable(small);
  } catch {
    program = JSON.stringify(small, null, 1);
  }
  return {
    verdict,
    operations: draft.statements.length,
    finding: { seed, why: `${options.eager ? `eager on ${options.device}: ` : ''}${why}`, program },
  };
}

/** Random programs from consecutive seeds, until there were `programs` of them, or `stop` says so. */
export function fuzz({
  seed,
  programs = Number.POSITIVE_INFINITY,
  stop = () => false,
  onFinding,
}: {
  readonly seed: number;
  readonly programs?: number;
  readonly stop?: (done: number) => boolean;
  readonly onFinding?: (finding: Finding) => void;
}): FuzzReport {
  const findings: Finding[] = [];
  let [done, refused, unsure, count] = [0, 0, 0, 0];
  while (done < programs && !stop(done)) {
    const { verdict, operations, finding } = fuzzOne(seed + done);
    done++;
    count += operations;
    if (verdict.kind === 'refused') refused++;
    if (verdict.kind === 'unsure') unsure++;
    if (finding) {
      findings.push(finding);
      onFinding?.(finding);
    }
  }
  return { programs: done, refused, unsure, operations: count, findings };
}
