/** The tests that mutants of the core are run against: all in memory, without Postgres and Temporal. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/domain/**/*.test.ts'],
    // The life of a card is no part of the books.
    exclude: ['test/domain/card-*.test.ts'],
    setupFiles: ['test/mutation/fixed-seed.ts'],
    testTimeout: 60_000,
  },
});
