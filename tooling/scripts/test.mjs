// npm test [-- vitest arguments]
// Runs every package's tests on source, then those that use public entries alone on the built packages.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromiumMissing, testFilesOf } from './chromium.mjs';
import { webgpuInNode } from './webgpu.mjs';
import { root, runTool, setUp } from './workspace.mjs';

const args = process.argv.slice(2);
const results = join(root, '.test-results');
const REPORTERS = ['default', './tooling/vitest/summary.ts', './tooling/vitest/standstill.ts'];

await setUp();
rmSync(results, { recursive: true, force: true });
mkdirSync(results);

const totals = { passed: 0, failed: 0, skipped: [] };
if (args.length === 0) {
  const reason = await chromiumMissing();
  if (reason) {
    skip([...testFilesOf('browser'), ...testFilesOf('webgpu')], 'in a page', reason);
  }
  const { missing } = webgpuInNode();
  if (missing) skip(testFilesOf('webgpu'), 'on WebGPU in Node', missing);
}
await runTests('source', args);
// Arguments choose some tests for a quick look, and a failing source needs no second opinion.
if (args.length === 0 && totals.failed === 0) {
  console.log('\nBuilding the packages, then testing what a person installs ...');
  const build = ['turbo', 'run', 'build', '--output-logs=errors-only'];
  if ((await runTool(build, { env: { TURBO_TELEMETRY_DISABLED: '1' } })) === 0) {
    // A package whose tests all open inner modules has none that fits its build.
    await runTests('built', ['--passWithNoTests'], { TEST_BUILT: '1' });
  } else {
    totals.failed++;
  }
}
if (totals.passed === 0 && totals.failed === 0) {
  console.error('No test ran: that is a failure.');
  totals.failed++;
}
if (totals.skipped.length > 0) console.log('\nSkipped:');
for (const { file, name, reason } of totals.skipped) console.log(`  ${file}: ${name} (${reason})`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped.length} skipped`);
process.exitCode = totals.failed > 0 ? 1 : 0;

function skip(files, name, reason) {
  for (const file of files) totals.skipped.push({ file, name, reason });
}

async function runTests(name, vitestArgs, env = {}) {
  const file = join(results, `${name}.json`);
  const code = await runTool(['vitest', 'run', ...REPORTERS.map((name) => `--reporter=${name}`), ...vitestArgs], {
    env: { ...env, SUMMARY_FILE: file },
  });
  const { passed, failed, skipped } = readSummary(file);
  totals.passed += passed;
  totals.skipped.push(...skipped);
  // A run that broke before or after its tests shows in the exit code alone.
  totals.failed += failed === 0 && code !== 0 ? 1 : failed;
}

function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: [] };
  }
}
