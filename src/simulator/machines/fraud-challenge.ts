/**
 * A question to the cardholder by text message, whether a purchase that looks like fraud is theirs. Pure.
 *
 *   pending ──confirmed──► verified     (the next purchase there is not declined for fraud)
 *      ├──────denied─────► rejected
 *      └──time passed────► expired
 *   undeliverable                       (there is no phone that could be asked)
 */
import type { AuthorizationRow, FraudChallenge } from './authorization.ts';

/** How long the cardholder has to answer. Stripe publishes no figure; people answer within minutes or never. */
const CHALLENGE_SECONDS = 15 * 60;

/** Numbers of satellite networks, which belong to no country. Which ones Stripe refuses is not published. */
const UNSUPPORTED_PHONE = /^\+88[123]/;

/** The authorization with a new challenge, sent to `phone` (E.164) or undeliverable. `now` is in Unix seconds. */
export function challenge(
  row: AuthorizationRow,
  phone: string | null,
  now: number,
): AuthorizationRow {
  const obstacle =
    phone === null
      ? 'no_phone_number'
      : UNSUPPORTED_PHONE.test(phone)
        ? 'unsupported_phone_number'
        : null;
  const sent: FraudChallenge = {
    channel: 'sms',
    status: obstacle === null ? 'pending' : 'undeliverable',
    undeliverable_reason: obstacle,
  };
  const sim = obstacle === null ? { ...row.sim, challengeUntil: now + CHALLENGE_SECONDS } : row.sim;
  return { ...row, fraud_challenges: [...(row.fraud_challenges ?? []), sent], sim };
}

export const isChallenged = (row: AuthorizationRow): boolean =>
  row.fraud_challenges?.some(({ status }) => status === 'pending') ?? false;

/** Ends what is pending. */
export const endChallenge = (
  row: AuthorizationRow,
  status: 'expired' | 'rejected' | 'verified',
): AuthorizationRow => ({
  ...row,
  fraud_challenges: (row.fraud_challenges ?? []).map((entry) =>
    entry.status === 'pending' ? { ...entry, status } : entry,
  ),
});

/**
 * How long the cardholder has to try again. Stripe publishes no figure; who answers a text message at the till does so
 * at once, and a confirmation of long ago says nothing about a purchase of today.
 */
const RETRY_SECONDS = 15 * 60;

/** That the cardholder has confirmed a purchase: good for one retry. */
export interface Confirmation {
  readonly merchant: string;
  /** The highest amount it is good for, in minor units of the card's currency. */
  readonly amount: number;
  /** Unix seconds. */
  readonly until: number;
  /** Whether it was Stripe that suspected fraud, and not the real-time endpoint. */
  readonly suspected: boolean;
}

/** The confirmation of a declined authorization that was challenged. `now` is in Unix seconds. */
export const confirmation = (row: AuthorizationRow, now: number): Confirmation => ({
  merchant: merchantKey(row),
  amount: row.sim.requested,
  until: now + RETRY_SECONDS,
  suspected: row.request_history.at(-1)?.reason === 'suspected_fraud',
});

/**
 * The first confirmation that covers a new authorization. One of Stripe's own suspicion is kept for a purchase that it
 * suspects again; what made the endpoint suspicious, only the endpoint knows.
 */
export const coveringConfirmation = (
  confirmations: readonly Confirmation[],
  row: AuthorizationRow,
  facts: { readonly now: number; readonly isSuspected: boolean },
): Confirmation | undefined =>
  confirmations.find(
    ({ merchant, amount, until, suspected }) =>
      merchant === merchantKey(row) &&
      row.sim.requested <= amount &&
      facts.now < until &&
      (facts.isSuspected || !suspected),
  );

/**
 * What tells one merchant from another when the cardholder tries again. The network id would, but the test helper
 * makes up a new one each time that it is not given.
 */
const merchantKey = ({ merchant_data: merchant }: AuthorizationRow): string =>
  `${merchant.category} ${merchant.name ?? ''}`;
