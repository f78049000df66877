// pnpm test:numerics [-- vitest arguments]
// Runs the core's tests with 1 and with 2 threads, which share whatever can be shared, on plain and on wide vectors.
import { runTool, setUp } from './workspace.mjs';

const given = process.argv.slice(2);
const filters = given.length > 0 ? given : ['packages/tensor-webgpu'];
const settings = [1, 2].flatMap((threads) => [false, true].map((wide) => ({ threads, wide })));

await setUp();
const failed = [];
for (const { threads, wide } of settings) {
  const name = `${threads} ${threads === 1 ? 'thread' : 'threads'}, ${wide ? 'wide' : 'plain'} vectors`;
  console.log(`\n${name}`);
  const env = {
    FLOWFIELD_THREADS: String(threads),
    FLOWFIELD_SHARE_ALL: threads > 1 ? '1' : '0',
    FLOWFIELD_WIDE_VECTORS: wide ? '1' : '0',
    TEST_WIDE: wide ? '1' : '0',
  };
  // Of the projects those in Node alone: pages and GPUs have settings of their own.
  if ((await runTool(['vitest', 'run', '--project=tensor-webgpu', ...filters], { env })) !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nGreen in all settings.' : `\nFailed: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
