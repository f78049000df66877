import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../rewrites/index.ts';
import '../../tensor/methods.ts';
import type { Lax } from '../../program/lax.ts';
import type { Value } from '../../program/value.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { cond } from '../../transforms/control/branches.ts';
import { scan, whileLoop } from '../../transforms/control/loops.ts';
import { type Build, checkProgram, device, f32, i32, programOf } from './testing/against-reference.ts';

const tensor = (value: Value): Tensor => value as Tensor;
const matrix = { contract: [[1], [0]], batch: [[], []] } as const;

/** Rows of 16 numbers; `MANY` of them are several blocks of rows. */
const WIDTH = 16;
const MANY = 2500;
const rows = (l: Lax, c: Value, at: Value): Value => l.dynamicSlice(c, [at, 0], [1, WIDTH]);
const write = (l: Lax, c: Value, row: Value, at: Value): Value => l.dynamicUpdateSlice(c, row, [at, 0]);
const half = (l: Lax, x: Value): Value => l.mul(x, 0.5);

type Body = (l: Lax, carries: readonly Value[], turn: Value) => readonly Value[];

/** `body` for five turns as a scan, as a while loop, and as a scan of branches: results are the carries at the end. */
const forms: Record<string, (l: Lax, body: Body, start: readonly Value[]) => readonly Value[]> = {
  scan: (l, body, start) =>
    scan(
      (carries: Tensor[], turn: Tensor): [Tensor[], null] => [body(l, carries, turn).map(tensor), null],
      start.map(tensor),
      tensor(l.iota([5], 0, 'i32')),
    )[0],
  while: (l, body, start) =>
    whileLoop(
      ({ turn }: { turn: Tensor; carries: Tensor[] }) => tensor(l.lt(turn, 5)),
      ({ turn, carries }) => ({ turn: tensor(l.add(turn, 1)), carries: body(l, carries, turn).map(tensor) }),
      { turn: tensor(l.zeros(i32())), carries: start.map(tensor) },
    ).carries,
  branches: (l, body, start) =>
    scan(
      (carries: Tensor[], turn: Tensor): [Tensor[], null] => [
        cond(
          tensor(l.lt(turn, 3)),
          (...given: Tensor[]) => body(l, given, turn).map(tensor),
          (...given: Tensor[]) => given,
          ...carries,
        ),
        null,
      ],
      start.map(tensor),
      tensor(l.iota([5], 0, 'i32')),
    )[0],
};

/** Bodies that are tempting to run in place, each on carries of `MANY` rows. */
const bodies: Record<string, { carries: number; body: Body }> = {
  'a row written': { carries: 1, body: (l, [c], turn) => [write(l, c, half(l, rows(l, c, l.add(turn, 7))), turn)] },
  'a row read, written, and read after': {
    carries: 2,
    body: (l, [c, d], turn) => {
      const row = rows(l, c, turn);
      const made = write(l, c, l.add(half(l, row), 1), turn);
      return [made, write(l, d, l.add(row, half(l, rows(l, made, turn))), turn)];
    },
  },
  'the old value read whole after a write': {
    carries: 2,
    body: (l, [c, d], turn) => [write(l, c, half(l, rows(l, d, turn)), turn), l.sub(half(l, c), d)],
  },
  'the old value in two writes': {
    carries: 2,
    body: (l, [c], turn) => [
      write(l, c, half(l, rows(l, c, turn)), turn),
      write(l, c, l.add(rows(l, c, turn), 1), l.add(turn, 1)),
    ],
  },
  'two writes, one after the other': {
    carries: 1,
    body: (l, [c], turn) => [
      write(l, write(l, c, half(l, rows(l, c, l.add(turn, 2))), turn), half(l, rows(l, c, turn)), l.add(turn, 1)),
    ],
  },
  'carries that change places': { carries: 2, body: (l, [c, d]) => [d, half(l, c)] },
  'three carries that go round': { carries: 3, body: (_l, [a, b, c]) => [b, c, a] },
  'a carry handed to two': { carries: 2, body: (_l, [c]) => [c, c] },
  'rows in reverse order': { carries: 1, body: (l, [c]) => [half(l, l.rev(c, [0]))] },
  'rows in reverse order, divided by their sums': {
    carries: 1,
    body: (l, [c]) => {
      const made = l.exp(l.rev(c, [0]));
      return [l.div(made, l.broadcastInDim(l.reduceSum(made, [1]), [MANY, WIDTH], [0]))];
    },
  },
  'rows moved by one': {
    carries: 1,
    body: (l, [c]) => [l.concat([l.slice(c, [1, 0], [MANY, WIDTH]), l.slice(c, [0, 0], [1, WIDTH])], 0)],
  },
  'a large window moved within': {
    carries: 1,
    body: (l, [c]) => [l.dynamicUpdateSlice(c, half(l, l.slice(c, [0, 0], [MANY - 1, WIDTH])), [1, 0])],
  },
  'a transposed copy': {
    carries: 1,
    body: (l, [c]) => [half(l, l.reshape(l.transpose(l.reshape(c, [WIDTH, MANY]), [1, 0]), [MANY, WIDTH]))],
  },
  'products by rows with the first rows': {
    carries: 1,
    body: (l, [c]) => [l.tanh(l.mul(l.dotGeneral(c, l.slice(c, [0, 0], [WIDTH, WIDTH]), matrix), 0.1))],
  },
  'the old value read again after sums over rows': {
    carries: 1,
    body: (l, [c]) => {
      const made = l.tanh(c);
      const sums = l.broadcastInDim(l.reduceSum(made, [1]), [MANY, WIDTH], [0]);
      return [l.sub(l.mul(c, 0.3), l.mul(made, l.mul(sums, 1 / WIDTH)))];
    },
  },
  'the old value summed beside': {
    carries: 2,
    body: (l, [c, d]) => [
      l.sub(1, half(l, c)),
      l.add(half(l, d), l.broadcastInDim(l.mul(l.reduceSum(c, [0]), 1 / MANY), [MANY, WIDTH], [1])),
    ],
  },
  'row means taken away': {
    carries: 1,
    body: (l, [c]) => [l.sub(c, l.broadcastInDim(l.mul(l.reduceSum(c, [1]), 1 / WIDTH), [MANY, WIDTH], [0]))],
  },
  'column means taken away': {
    carries: 1,
    body: (l, [c]) => [l.sub(c, l.broadcastInDim(l.mul(l.reduceSum(c, [0]), 1 / MANY), [MANY, WIDTH], [1]))],
  },
  'scattered rows of its own': {
    carries: 1,
    body: (l, [c], turn) => {
      const to = l.add(l.iota([9], 0, 'i32'), l.broadcastInDim(turn, [9], []));
      const from = l.gather(c, l.sub(l.full([9], MANY - 1, 'i32'), to), 0);
      return [l.scatter(c, to, half(l, from), { batchDims: 0, mode: 'add' })];
    },
  },
  'running sums, which have no kernel of rows': {
    carries: 1,
    body: (l, [c]) => [l.tanh(l.mul(l.cumSum(c, 0), 1 / MANY))],
  },
  'what does not change': { carries: 2, body: (l, [c, d], turn) => [c, write(l, d, rows(l, c, turn), turn)] },
};

const starting = (carries: number): ReturnType<typeof f32>[] => Array.from({ length: carries }, () => f32(MANY, WIDTH));

describe.each(Object.entries(forms))('the last use of a carried value in %s', (_form, run) => {
  it.each(Object.entries(bodies))('%s', (_name, { carries, body }) => {
    const build: Build = (l, ...start) => run(l, body, start);
    for (const donate of [false, true]) {
      checkProgram(
        programOf(starting(carries), build),
        1e-5,
        undefined,
        starting(carries).map(() => donate),
      );
    }
  });

  it.each(Object.entries(bodies))('%s, starting values read again', (_name, { carries, body }) => {
    const build: Build = (l, ...start) => [
      ...run(l, body, start),
      ...start.map((value) => l.add(value, 1)),
      // The same value in every carry.
      ...run(
        l,
        body,
        start.map(() => l.exp(half(l, start[0]))),
      ),
    ];
    checkProgram(programOf(starting(carries), build), 1e-5);
  });
});

describe('loops inside loops', () => {
  it.each(Object.entries(bodies))('%s', (_name, { carries, body }) => {
    const build: Build = (l, ...start) =>
      scan(
        (outer: Tensor[]): [Tensor[], Tensor] => {
          const inner = forms.scan(l, body, outer).map(tensor);
          const again = forms.while(l, body, inner).map(tensor);
          return [again, tensor(l.reduceSum(inner[0], [0]))];
        },
        start.map(tensor),
        null,
        { length: 2 },
      ).flat();
    checkProgram(programOf(starting(carries), build), 1e-4);
  });
});

describe('memory', () => {
  const bytes = MANY * WIDTH * 4;
  const arena = (carries: number, build: Build): number =>
    device.compile(programOf(starting(carries), build), { donate: starting(carries).map(() => true) }).report
      .arenaBytes;

  it.each([
    'a row written',
    'a row read, written, and read after',
    'two writes, one after the other',
    'what does not change',
  ])('is not taken for a second copy: %s', (name) => {
    const { carries, body } = bodies[name];
    for (const run of Object.values(forms))
      expect(arena(carries, (l, ...start) => run(l, body, start))).toBeLessThan(bytes / 4);
  });
});

describe('random programs with updates', () => {
  it('never read what was overwritten', { timeout: 60_000 }, () => {
    const names = Object.keys(bodies);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 2, maxLength: 5 }), (choices) => {
        const chosen = choices.map((choice) => bodies[names[choice % names.length]]);
        const body: Body = (l, carries, turn) => {
          let values = carries;
          chosen.forEach((step, i) => {
            // Each step takes its carries from another place, so that some are left for later.
            const given = Array.from({ length: step.carries }, (_, k) => values[(k + i) % values.length]);
            values = [...step.body(l, given, turn), ...values].slice(0, 3);
          });
          return values;
        };
        const build: Build = (l, ...start) => forms.scan(l, body, start);
        checkProgram(programOf(starting(3), build), 1e-4);
      }),
      { endOnFailure: true, numRuns: Number(process.env.FUZZ_RUNS ?? 20), seed: Number(process.env.FUZZ_SEED ?? 5) },
    );
  });
});
