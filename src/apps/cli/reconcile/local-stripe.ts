/** The Stripe of a local stack that is running in this checkout: its simulator. */
import { readState } from '../local/stack-state.ts';

export interface StripeAddress {
  readonly apiBase: string;
  readonly secretKey: string;
}

/** Throws a sentence when the stack has none of its own. */
export async function localStripe(folder: string): Promise<StripeAddress> {
  const state = await readState(folder);
  const apiBase = state?.simulatorAddress;
  if (state?.embedded.simulator !== true || apiBase === undefined) {
    throw new Error(
      `No Stripe to compare with: set DATABASE_URL and STRIPE_SECRET_KEY (the stack in ${folder} has no simulator)`,
    );
  }
  return { apiBase, secretKey: state.secrets.stripeKey };
}
