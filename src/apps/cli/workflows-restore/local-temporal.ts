/** The Temporal server of a local stack that is running in this checkout. */
import { readState } from '../local/stack-state.ts';
import { TEMPORAL_NAMESPACE } from '../local/temporal-server.ts';

/** Its address; throws a sentence when the stack has none of its own. */
export async function localTemporal(
  folder: string,
): Promise<{ readonly address: string; readonly namespace: string }> {
  const state = await readState(folder);
  const address = state?.temporalAddress;
  if (state?.embedded.temporal !== true || address === undefined) {
    throw new Error(
      `No Temporal to start workflows on: set DATABASE_URL and TEMPORAL_ADDRESS (the stack in ${folder} has none of its own)`,
    );
  }
  return { address, namespace: TEMPORAL_NAMESPACE };
}
