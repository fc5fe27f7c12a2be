/** Values that the API's objects are made of. The schemas of this folder are the API's contract. */
import { type TSchema, Type } from 'typebox';

/** A million million minor units: far above any balance, far below where a number loses its last digit. */
export const AMOUNT_MINOR_MAX = 1_000_000_000_000;

const ourId = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_[A-Za-z0-9]{1,60}$`,
    description: `Our id of ${what}.`,
    examples: [`${prefix}_4f2c0a7be1d94a5fb3c6`],
  });

export const TenantIdText = ourId('ten', 'a tenant');
export const AccountIdText = ourId('acc', 'a customer account');
export const CardholderIdText = ourId('chr', 'a cardholder');
export const CardIdText = ourId('card', 'a card');

/** An id of Stripe's, checked for its shape only: its prefixes are no contract. */
export const StripeIdText = Type.String({ pattern: '^[A-Za-z0-9_]{1,255}$' });

/** An amount that is taken in: more than zero, no fractions. */
export const AmountMinor = Type.Integer({
  minimum: 1,
  maximum: AMOUNT_MINOR_MAX,
  description: 'Minor units of the currency (cents, yen, fils).',
  examples: [12_500],
});
/** An amount that is shown; a balance may be below zero. */
export const ShownMinor = Type.Integer({
  description: 'Minor units of the currency (cents, yen, fils).',
  examples: [12_500],
});
export const CurrencyCode = Type.String({
  pattern: '^[a-z]{3}$',
  description: 'ISO 4217, lower case.',
  examples: ['usd'],
});
export const Timestamp = Type.String({
  description: 'ISO 8601, UTC.',
  examples: ['2026-11-23T09:30:00.000Z'],
});
export const CustomerRef = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Your own name for the customer.',
  examples: ['customer-1042'],
});

export const KycProviderText = Type.Enum(['stripe_identity', 'external', 'manual'], {
  description: 'Who verifies cardholders: Stripe Identity, the configured provider, or a person.',
});

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** An object whose fields depend on its kind. */
export const AnyObject = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
});
