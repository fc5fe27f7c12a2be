/**
 * Branded ids: a text becomes an id only here, so that no id can stand in for another.
 * Ours are `<prefix>_<letters and digits>`; Stripe's prefixes are no contract, so Stripe ids are checked for
 * shape only (printable, at most 255 characters).
 */
declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type TenantId = Id<'tenant'>;
export type AccountId = Id<'account'>;
export type CardholderId = Id<'cardholder'>;
export type CardId = Id<'card'>;
export type DecisionId = Id<'decision'>;
export type AttentionId = Id<'attention'>;

export type StripeAccountId = Id<'stripe account'>;
export type StripeCardholderId = Id<'stripe cardholder'>;
export type StripeCardId = Id<'stripe card'>;
/** A KYC check as its provider names it: Stripe's session, or another provider's own id. */
export type KycReference = Id<'kyc reference'>;
export type AuthorizationId = Id<'authorization'>;
export type TransactionId = Id<'transaction'>;
export type DisputeId = Id<'dispute'>;

const OURS = {
  tenant: 'ten',
  account: 'acc',
  cardholder: 'chr',
  card: 'card',
  decision: 'dec',
  attention: 'att',
  apiKey: 'key',
} as const;

/** Thrown when a text is not an id of the kind; edges turn it into a 400 or 404. */
export class InvalidIdError extends Error {
  override readonly name = 'InvalidIdError';
}

function ours<T extends string>(prefix: string): (text: string) => T {
  const shape = new RegExp(`^${prefix}_[A-Za-z0-9]{1,60}$`);
  return (text) => {
    if (!shape.test(text))
      throw new InvalidIdError(`"${text.slice(0, 80)}" is not a ${prefix}_ id`);
    return text as T;
  };
}

function stripes<T extends string>(kind: string): (text: string) => T {
  return (text) => {
    if (!/^[A-Za-z0-9_]{1,255}$/.test(text)) {
      throw new InvalidIdError(`"${text.slice(0, 80)}" is not a Stripe ${kind} id`);
    }
    return text as T;
  };
}

export const parseTenantId = ours<TenantId>(OURS.tenant);
export const parseAccountId = ours<AccountId>(OURS.account);
export const parseCardholderId = ours<CardholderId>(OURS.cardholder);
export const parseCardId = ours<CardId>(OURS.card);
export const isCardId = (text: string): text is CardId => /^card_[A-Za-z0-9]{1,60}$/.test(text);
export const parseDecisionId = ours<DecisionId>(OURS.decision);
export const parseAttentionId = ours<AttentionId>(OURS.attention);

export const parseStripeAccountId = stripes<StripeAccountId>('account');
export const parseStripeCardholderId = stripes<StripeCardholderId>('cardholder');
export const parseStripeCardId = stripes<StripeCardId>('card');
export const parseAuthorizationId = stripes<AuthorizationId>('authorization');
export const parseTransactionId = stripes<TransactionId>('transaction');
export const parseDisputeId = stripes<DisputeId>('dispute');

/** Begins with a letter or digit, so that it can be a part of a path. */
const KYC_REFERENCE = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/;

export function parseKycReference(text: string): KycReference {
  if (KYC_REFERENCE.test(text)) return text as KycReference;
  throw new InvalidIdError(`"${text.slice(0, 80)}" is not a reference of a KYC check`);
}

/** Puts the prefix of `kind` before a random part of letters and digits, made at the edge. */
export function idFrom<K extends keyof typeof OURS>(kind: K, randomPart: string): string {
  return `${OURS[kind]}_${randomPart}`;
}
