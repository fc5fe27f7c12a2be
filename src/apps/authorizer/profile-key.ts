import type { ProfileKey } from '../../ports/decision-store.ts';

/** One text a card: Stripe's ids are unique within a Stripe account only. */
export const keyText = ({ stripeAccount, stripeCardId }: ProfileKey): string =>
  `${stripeAccount ?? ''}/${stripeCardId}`;
