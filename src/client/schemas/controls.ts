/** Spending controls of a card, of an account, or of all cards of a tenant. */
import { type Static, type TSchema, Type } from 'typebox';
import {
  CARD_PRESENCES,
  CHECK_RULES,
  LIMIT_INTERVALS,
  THREE_D_SECURE_OUTCOMES,
} from '../../domain/controls.ts';
import { AMOUNT_MINOR_MAX } from './values.ts';

/** All categories of Stripe's, or all countries, fit into a list. */
const LIST_ENTRIES_MAX = 300;
/** Each is a sum over purchases that is taken while the account is locked. */
const LIMITS_MAX = 20;
/** More purchases than a card makes in its life. */
const COUNT_MAX = 1_000_000;

const closed = { additionalProperties: false } as const;
const list = <S extends TSchema>(entry: S, description: string) =>
  Type.Optional(
    Type.Immutable(Type.Array(entry, { minItems: 1, maxItems: LIST_ENTRIES_MAX, description })),
  );

const Category = Type.String({ pattern: '^[a-z0-9_]{1,100}$', examples: ['bakeries'] });
const Country = Type.String({ pattern: '^[A-Z]{2}$', examples: ['US'] });
const Presence = Type.Enum(CARD_PRESENCES);
/** Ids of networks are theirs to choose; blanks around one are a slip of whoever copied it. */
const Merchant = Type.String({
  pattern: '^\\S(.*\\S)?$',
  maxLength: 100,
  examples: ['552067000123456'],
});
const Check = Type.Enum(CHECK_RULES, {
  description:
    '`ignore` any outcome, `no_mismatch`: decline a mismatch, `match`: decline all but a match.',
});

const VelocityLimit = Type.Object(
  {
    interval: Type.Enum(LIMIT_INTERVALS, {
      description: 'Windows begin at midnight UTC, weeks on Monday.',
    }),
    amountMinor: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: AMOUNT_MINOR_MAX,
        description: 'At most so much in each window; 0 stops spending. Minor units.',
      }),
    ),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: COUNT_MAX,
        description: 'At most so many purchases in each window. Not for `per_authorization`.',
      }),
    ),
    categories: list(Category, 'Merchant categories that it counts; all when absent.'),
    currency: Type.Optional(
      Type.String({
        pattern: '^[a-z]{3}$',
        description:
          "Of a tenant's limits only, and needed there for an amount: the limit is for cards in this currency.",
      }),
    ),
  },
  { ...closed, description: 'Has `amountMinor`, `count` or both.' },
);

const VerificationRules = Type.Object(
  {
    cvc: Type.Optional(Check),
    expiry: Type.Optional(Check),
    postalCode: Type.Optional(Check),
    addressLine1: Type.Optional(Check),
    declinedThreeDSecure: Type.Optional(
      Type.Immutable(
        Type.Array(Type.Enum(THREE_D_SECURE_OUTCOMES), {
          maxItems: THREE_D_SECURE_OUTCOMES.length,
          description: 'Outcomes of 3D Secure that are declined; an empty list declines none.',
        }),
      ),
    ),
  },
  closed,
);

const EXAMPLE = {
  blockedCategories: ['betting_casino_gambling', 'wires_money_orders'],
  allowedCountries: ['US', 'CA'],
  limits: [
    { interval: 'per_authorization', amountMinor: 20_000 },
    { interval: 'daily', amountMinor: 50_000, count: 20 },
    { interval: 'monthly', amountMinor: 10_000, categories: ['taxicabs_limousines'] },
  ],
  verification: {
    not_present: { cvc: 'match', declinedThreeDSecure: ['failed', 'required', 'none'] },
  },
};

export const Controls = Type.Object(
  {
    allowedCategories: list(Category, "Stripe's merchant categories; all others are declined."),
    blockedCategories: list(Category, "Stripe's merchant categories that are declined."),
    allowedCountries: list(Country, "The merchant's country; all others are declined."),
    blockedCountries: list(Country, "The merchant's countries that are declined."),
    allowedPresences: list(Presence, 'Whether the card is at the till; all else is declined.'),
    blockedPresences: list(Presence, 'Whether the card is at the till; these are declined.'),
    allowedMerchants: list(Merchant, "The network's ids of merchants; all others are declined."),
    blockedMerchants: list(Merchant, "The network's ids of merchants that are declined."),
    limits: Type.Optional(Type.Immutable(Type.Array(VelocityLimit, { maxItems: LIMITS_MAX }))),
    verification: Type.Optional(
      Type.Object(
        {
          present: Type.Optional(VerificationRules),
          not_present: Type.Optional(VerificationRules),
        },
        {
          ...closed,
          description:
            "By card presence. What is not said is the account's, then the tenant's, then our default.",
        },
      ),
    ),
  },
  {
    ...closed,
    description:
      'All of it: what is left out is lifted. Of two lists of one kind, give one. No list names anything twice.',
    examples: [EXAMPLE],
  },
);
export type Controls = Static<typeof Controls>;
