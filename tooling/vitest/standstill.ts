import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { writeSummary } from './summary.ts';

/** Milliseconds in which a file of tests must tell of something, on the slowest of machines. */
const PATIENCE = Number(process.env.TEST_PATIENCE ?? 600_000);

/**
 * Ends a run in which a test holds its thread for good: a deadlock blocks the timeouts of its own process, and would
 * leave whoever waits for the run without a word about where it stands.
 */
export default class StandstillReporter implements Reporter {
  private readonly running = new Map<TestModule, { what: string; since: number }>();
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
    setInterval(() => this.look(), Math.min(PATIENCE / 2, 10_000)).unref();
  }

  onTestModuleStart = (module: TestModule): void => {
    this.running.set(module, { what: 'the start of the file', since: performance.now() });
  };
  onTestModuleEnd = (module: TestModule): void => void this.running.delete(module);
  onTestCaseReady = (test: TestCase): void => this.note(test.module, `the start of “${test.fullName}”`);
  onTestCaseResult = (test: TestCase): void => this.note(test.module, `the end of “${test.fullName}”`);

  /** News of a test may come after its file has ended. */
  private note(module: TestModule, what: string): void {
    if (this.running.has(module)) this.running.set(module, { what, since: performance.now() });
  }

  private look(): void {
    const late = [...this.running].filter(([, { since }]) => performance.now() - since > PATIENCE);
    if (late.length === 0) return;
    for (const [module, { what }] of late) {
      const file = relative(process.cwd(), module.moduleId);
      console.error(`\n${file} stands still for ${PATIENCE / 1000} s (last heard of: ${what}). The run ends here.`);
    }
    writeSummary(this.vitest?.state.getTestModules() ?? [], late.length);
    for (const child of childrenOf(process.pid)) process.kill(child, 'SIGKILL');
    process.exit(1);
  }
}

/** The processes that `parent` has started, where the system lists them as files. */
function childrenOf(parent: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
      .map(Number);
  } catch {
    return [];
  }
}

/** The name of a process stands in brackets, and may hold anything; state and parent come after it. */
function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return -1;
  }
}
