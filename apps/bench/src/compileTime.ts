/**
 * How long programs of many operations take to compile, and how that grows with their length:
 * `pnpm bench:compile [--sizes 500,1000,2000,4000] [--only name] [--repetitions 3]`.
 */
import { parseArgs } from 'node:util';
import { clearCaches, explain, type Tensor } from '@flowfield/tensor-webgpu';
import { flowfield } from './contenders/flowfield.ts';
import { exponentOf } from './exponent.ts';
import { type LongProgram, longPrograms } from './longPrograms.ts';
import { trainingProblem } from './models/models.ts';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '500,1000,2000,4000' },
    only: { type: 'string', default: '' },
    repetitions: { type: 'string', default: '3' },
  },
});
const sizes = options.sizes.split(',').map(Number);
const repetitions = Number(options.repetitions);
if (sizes.length < 2 || !sizes.every((size) => Number.isInteger(size) && size > 0) || !(repetitions >= 1))
  throw new RangeError(`Expected --sizes as two or more whole numbers and --repetitions of at least 1.`);
const chosen = longPrograms.filter(({ name }) => name.includes(options.only));
if (chosen.length === 0)
  throw new RangeError(
    `No program contains '${options.only}'. Programs: ${longPrograms.map(({ name }) => name).join('; ')}.`,
  );

type Times = Map<string, number>;

/**
 * Milliseconds of each step on the clock, the least of several compilations, and of all of it with tracing in processor
 * time, which other programs on the machine disturb less.
 */
function compileTimes({ input, build }: LongProgram, operations: number): Times {
  const best: Times = new Map();
  const note = (name: string, milliseconds: number): void =>
    void best.set(name, Math.min(milliseconds, best.get(name) ?? Infinity));
  for (let i = 0; i < repetitions; i++) {
    clearCaches();
    const x = input();
    const before = process.threadCpuUsage();
    const { compileSteps } = explain((value: Tensor) => build(value, operations))(x);
    const { user, system } = process.threadCpuUsage(before);
    for (const { name, milliseconds } of compileSteps) note(name, milliseconds);
    note('processor', (user + system) / 1000);
  }
  return best;
}

/** Milliseconds of processor time until a training step was traced, compiled and run once. */
async function firstStep(): Promise<number> {
  const { start } = await flowfield({ name: 'one thread', threads: 1, wide: false });
  const problem = trainingProblem('eikonal', { activation: 'tanh', widths: [3, 64, 64, 64, 64, 1], batch: 256 });
  clearCaches();
  const before = process.threadCpuUsage();
  const job = await start(problem);
  job?.run();
  const { user, system } = process.threadCpuUsage(before);
  job?.dispose();
  return (user + system) / 1000;
}

const cold = await firstStep();
const warm: number[] = [];
for (let i = 0; i < 10; i++) warm.push(await firstStep());
console.log(
  `First step of an eikonal loss, 3-64-64-64-64-1: ${cold.toFixed(0)} ms of processor time in a new process, ${Math.min(...warm).toFixed(0)} in one that has compiled.\n`,
);

const NAME = 22;
const COLUMN = 12;
const row = (name: string, size: string, cells: readonly string[]): string =>
  `${name.padEnd(NAME)}${size.padStart(8)}${cells.map((cell) => cell.padStart(COLUMN)).join('')}`;

console.log(
  'Milliseconds to compile; then the exponent e of time = c · operations^e over the sizes (2.4 times for twice is 1.26).\n',
);
// The first compilation makes the compiler itself fast.
for (const program of chosen) compileTimes(program, sizes[0]);
let headed = false;
for (const program of chosen) {
  const results = sizes.map((size) => compileTimes(program, size));
  const names = [...results[0].keys()];
  if (!headed) console.log(row('program', 'size', names));
  headed = true;
  results.forEach((times, i) => {
    console.log(
      row(
        i === 0 ? program.name : '',
        String(sizes[i]),
        names.map((name) => (times.get(name) as number).toFixed(1)),
      ),
    );
  });
  const exponents = names.map((name) =>
    exponentOf(
      sizes,
      results.map((times) => times.get(name) as number),
    ),
  );
  console.log(
    row(
      '',
      'e',
      exponents.map((exponent) => exponent.toFixed(2)),
    ),
  );
}
