/** All scripts, and their recordings under every variant. */
import type { Variant } from './option.ts';
import { variantsOf } from './option.ts';
import type { Recorded } from './recorded.ts';
import { record } from './recorder.ts';
import type { Script } from './script.ts';
import { ANSWERS } from './scripts/answers.ts';
import { CAPTURES } from './scripts/captures.ts';
import { CARDS } from './scripts/cards.ts';
import { CHANGES } from './scripts/changes.ts';
import { COMMANDS } from './scripts/commands.ts';
import { REFUNDS } from './scripts/refunds.ts';
import { TIES } from './scripts/ties.ts';

export const SCRIPTS: readonly Script[] = [
  ...ANSWERS,
  ...CHANGES,
  ...CAPTURES,
  ...REFUNDS,
  ...CARDS,
  ...COMMANDS,
  ...TIES,
];

/** Simulators under way at once: answers that come too late take Stripe's two seconds each, doing nothing. */
const AT_ONCE = 8;

interface Job {
  readonly script: Script;
  readonly variant: Variant;
}

/** Every script under every variant of it, recorded once. */
export async function recordAll(): Promise<readonly Recorded[]> {
  const jobs: readonly Job[] = SCRIPTS.flatMap((script) =>
    variantsOf(script).map((variant) => ({ script, variant })),
  );
  const recorded: Recorded[] = [];
  const queue = jobs.entries();
  const work = async (): Promise<void> => {
    for (const [index, { script, variant }] of queue) {
      // A seed of its own, so that no two recordings share an id.
      recorded[index] = await record(script, variant, index + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return recorded;
}
