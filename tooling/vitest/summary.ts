import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** What a run of the tests came to; `tooling/scripts/test.mjs` adds these up. */
interface Summary {
  passed: number;
  failed: number;
  skipped: { file: string; name: string; reason: string }[];
}

/** Writes the counts of a run, and each skipped test with its reason, to the file that SUMMARY_FILE names. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    // An error outside every test (a promise that nobody awaited) is a failure too.
    writeSummary(modules, unhandledErrors.length);
  }
}

/** Writes what `modules` came to, and so many failures beside theirs. */
export function writeSummary(modules: readonly TestModule[], failed: number): void {
  const summary: Summary = { passed: 0, failed, skipped: [] };
  for (const module of modules) addModule(summary, module);
  writeFileSync(process.env.SUMMARY_FILE ?? 'summary.json', JSON.stringify(summary));
}

function addModule(summary: Summary, module: TestModule): void {
  // A file that did not load, or a suite whose hook threw, fails without a failed test.
  summary.failed += module.errors().length;
  for (const suite of module.children.allSuites()) summary.failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed') summary.passed++;
    else if (result.state === 'failed') summary.failed++;
    else {
      const reason = result.state === 'skipped' ? (result.note ?? 'no reason given') : 'it never ran';
      summary.skipped.push({ file: relative(process.cwd(), module.moduleId), name: test.fullName, reason });
    }
  }
}
