/** A Temporal development server for one test file, with our search attributes and without a worker. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../../src/domain/card-contract.ts';
import { temporalCliPath } from './temporal-programs.ts';

/** Further arguments go to `temporal server start-dev`. */
export function createRealServer(
  ...extraArgs: readonly string[]
): Promise<TestWorkflowEnvironment> {
  const searchAttributes = Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) =>
    defineSearchAttributeKey(name, type === 'Bool' ? 'BOOL' : 'KEYWORD'),
  );
  const executable = { type: 'existing-path' as const, path: temporalCliPath() };
  return TestWorkflowEnvironment.createLocal({
    server: { executable, searchAttributes, extraArgs: [...extraArgs] },
  });
}
