/** Temporal's programs in tests; the reason is the error when there are none. */
import { inject } from 'vitest';
import type { FoundProgram } from './provided.ts';

/** Path of the Temporal CLI, for a real development server. */
export const temporalCliPath = (): string => pathOf(inject('temporalCli'));

/** Path of the server that skips time. */
export const temporalTestServerPath = (): string => pathOf(inject('temporalTestServer'));

function pathOf(found: FoundProgram): string {
  if (found.path === undefined) throw new Error(found.problem);
  return found.path;
}
