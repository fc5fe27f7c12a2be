import { defineConfig } from 'vitest/config';
import { processEnvironment } from './src/platform/config.ts';

/** A file for the results as JSON, beside what is printed; .ci/run reads its counts from there. */
const { TEST_REPORT: report, RECORD_HISTORIES: recording } = processEnvironment();

export default defineConfig({
  test: {
    // Recording workflow histories writes files, so it is never part of a test run.
    include: [recording === '1' ? 'test/replay/record-histories.ts' : 'test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Two cores: more workers than this only make Postgres and Temporal wait for one another.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...(report === undefined ? {} : { reporters: ['default', ['json', { outputFile: report }]] }),
  },
});
