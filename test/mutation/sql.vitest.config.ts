/** The tests that mutants of the SQL functions are run against, on a server and a template that are given. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/mutation/given-server.ts'],
    setupFiles: ['test/mutation/fixed-seed.ts'],
    pool: 'forks',
    // The runs are side by side already.
    maxWorkers: 1,
    isolate: false,
    // A mutant may wait for a lock for ever; the tests themselves take well below a second each.
    testTimeout: 10_000,
    hookTimeout: 15_000,
  },
});
