/** `npm start`: the whole system on this machine, until Ctrl-C. */
import type { Stack } from './local/stack.ts';
import { INTERRUPTED_EXIT_CODE, withStack } from './local/stack-session.ts';

/** @returns the exit code: 0 after Ctrl-C, 1 when a part ended by itself. */
export async function runStart(): Promise<number> {
  const startedAt = performance.now();
  const code = await withStack(
    {
      mode: 'kept',
      onPart: (line) => console.log(line),
      onInterrupt: () => console.log('\nStopping …'),
    },
    async (stack) => {
      console.log(summary(stack, performance.now() - startedAt));
      console.error(await stack.crashed);
      return 1;
    },
  );
  // Being asked to end is the ordinary end of this command.
  return code === INTERRUPTED_EXIT_CODE ? 0 : code;
}

const summary = (stack: Stack, durationMs: number): string => `
Ready after ${(durationMs / 1000).toFixed(1)} s.
API key     ${stack.apiKey}
API pages   ${stack.urls.ingress}/docs
Temporal    ${stack.urls.temporalUi ?? `given: ${stack.urls.temporal}`}
Logs        ${stack.logs}
Ctrl-C stops everything; the state is kept in ${stack.folder}.
`;
