import { parseArgs } from 'node:util';
import { fuzz } from '../src/fuzz/fuzz.ts';

// Random programs for as long as one likes: `pnpm fuzz --seconds 60 --seed 1`. The first program of a seed is always the same.
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    programs: { type: 'string', default: 'Infinity' },
  },
});

const started = performance.now();
const seconds = (): number => (performance.now() - started) / 1000;
const report = fuzz({
  seed: Number(values.seed),
  programs: Number(values.programs),
  stop: () => seconds() > Number(values.seconds),
  onFinding: ({ seed, why, program }) => console.log(`\n// seed ${seed}: ${why.replaceAll('\n', '\n// ')}\n${program}`),
});
console.log(
  `seed ${values.seed}: ${report.programs} programs, ${report.operations} operations in ${seconds().toFixed(1)} s; ` +
    `${report.findings.length} wrong, ${report.refused} without a derivative, ${report.unsure} not finite`,
);
process.exitCode = report.findings.length > 0 ? 1 : 0;
