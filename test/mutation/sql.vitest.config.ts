/** The tests that mutants of the SQL functions are run against, on a server and a template that are given. */
import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Enough to find what the others have missed. */
const PROPERTY_RUNS = 30;
/** Those that take seconds come last: most mutants are found before. */
const SLOW = ['statement.test.ts', 'program.property.test.ts', 'order.test.ts'];

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => SLOW.indexOf(basename(moduleId));
    return files.toSorted((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  test: {
    globalSetup: ['test/mutation/given-server.ts'],
    setupFiles: ['test/mutation/fixed-seed.ts'],
    env: { PROPERTY_RUNS: String(PROPERTY_RUNS) },
    sequence: { sequencer: QuickestFirst },
    pool: 'forks',
    // The runs are side by side already.
    maxWorkers: 1,
    isolate: false,
    // A mutant may wait for a lock for ever; the tests themselves take well below a second each.
    testTimeout: 10_000,
    hookTimeout: 15_000,
  },
});
