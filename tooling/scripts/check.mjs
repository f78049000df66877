// npm run check: types, style, imports, unused code, package manifests, bundle sizes. All are run; any failure fails.
import { runTool, setUp } from './workspace.mjs';

const checks = ['lint', 'layout', 'arrows', 'unused', 'typecheck', 'typecheck:root', 'check:package'];
const turbo = ['turbo', 'run', '--continue', '--output-logs=errors-only'];

await setUp();
const checked = await runTool([...turbo, ...checks], { env: { TURBO_TELEMETRY_DISABLED: '1' } });
const sized = await runTool(['size-limit', '--silent']);
process.exitCode = checked || sized;
