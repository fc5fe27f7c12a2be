/** Hands a server that runs already, and the template with the mutant, to the tests. */
import type { TestProject } from 'vitest/node';
import { processEnvironment } from '../../src/platform/config.ts';

export function setup(project: TestProject): void {
  const { MUTANT_OWNER_URL, MUTANT_APP_URL, MUTANT_TEMPLATE } = processEnvironment();
  if (!MUTANT_OWNER_URL || !MUTANT_APP_URL || !MUTANT_TEMPLATE) {
    throw new Error('This configuration is used by npm run test:mutation only');
  }
  project.provide('ownerUrl', MUTANT_OWNER_URL);
  project.provide('appUrl', MUTANT_APP_URL);
  project.provide('templateDatabase', MUTANT_TEMPLATE);
}
