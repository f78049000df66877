// Plain Node 20, no dependencies: this runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageManager = 'pnpm@12.21.0';
const oldestNode = 20;

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the setup notes what it installed, so that the next run can skip it. */
const stampFile = join(root, 'node_modules', '.installed');

/** Runs a program with this terminal; resolves to its exit code (128 + signal when it was killed). */
export function run(command, args, { env = {}, cwd = root, stdio = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    // Windows starts npx and pnpm through a .cmd file, which needs a shell.
    const shell = process.platform === 'win32' && command === 'npx';
    const child = spawn(command, args, { cwd, shell, stdio, env: { ...process.env, ...env } });
    const forward = (signal) => child.kill(signal);
    const waitForChild = () => {}; // Ctrl-C reaches the child from the terminal; we stay until it has ended.
    // npm ends with its shell when it is told to, and tells nobody else.
    const parent = process.ppid;
    const watch = setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    process.on('SIGINT', waitForChild);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      process.off('SIGTERM', forward);
      process.off('SIGHUP', forward);
      process.off('SIGINT', waitForChild);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Runs a program of the workspace (turbo, vitest, ...) under the workspace's own Node. */
export function runTool(args, options) {
  return run('npx', ['--yes', packageManager, 'exec', ...args], options);
}

/** Runs the workspace's own Node, which the lockfile pins. */
export function runNode(args, options) {
  return run(workspaceNode(), args, options);
}

function workspaceNode() {
  const folder = join(root, 'node_modules', 'nodejs');
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const path = join(folder, bin.node);
  return existsSync(path) ? path : `${path}.exe`;
}

/** Installs what the lockfile asks for; does nothing when that is already there. */
export async function setUp() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < oldestNode) {
    fail(`Flowfield needs Node ${oldestNode} or newer to set up; this is ${process.version}. Install a newer Node.`);
  }
  const wanted = fingerprint();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.log('Setting up: installing what pnpm-lock.yaml lists (a minute the first time) ...');
  const code = await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile']).catch((error) => {
    fail(`Setup could not start npx, which comes with npm: ${error.message}`);
  });
  if (code !== 0) {
    fail(
      `Setup failed (exit code ${code}); the lines above say why. It needs npm and a package registry it can reach.`,
    );
  }
  if (!existsSync(workspaceNode())) {
    fail(`Setup left no Node at ${workspaceNode()}. Delete node_modules and try again.`);
  }
  writeFileSync(stampFile, wanted);
}

/** What decides the content of node_modules: the lockfile, the workspace settings, and the manifests behind them. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.update(dirname(root) + process.platform + process.arch).digest('hex');
}

/** Ends the process with a message on standard error. */
export function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}
