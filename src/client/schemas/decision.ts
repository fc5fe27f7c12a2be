/** Our recorded answer to one request, with all that it was based on. */
import { type Static, Type } from 'typebox';
import { LIMIT_INTERVALS } from '../../domain/controls.ts';
import { AnyObject, nullable, ShownMinor, Timestamp } from './values.ts';

const Version = Type.Integer({ minimum: 1 });
const Elapsed = Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
  description: 'Milliseconds since the request was received; null when not known.',
});

const BrokenLimit = Type.Object({
  by: Type.Enum(['card', 'account', 'tenant'], { description: 'Whose controls set it.' }),
  interval: Type.Enum(LIMIT_INTERVALS),
  categories: Type.Optional(Type.Immutable(Type.Array(Type.String()))),
  amountMinor: Type.Optional(ShownMinor),
  count: Type.Optional(Type.Integer()),
  spentMinor: Type.Integer({ description: 'What counted towards it at that moment.' }),
  spentCount: Type.Integer({ description: 'How many purchases counted towards it.' }),
});

export const DecisionFacts = Type.Object(
  {
    finding: Type.Optional(
      Type.Unsafe<object>({
        ...AnyObject,
        description: 'What a rule found; its `kind` says what.',
      }),
    ),
    limit: Type.Optional(BrokenLimit),
    funds: Type.Optional(
      Type.Object({
        creditLimitMinor: ShownMinor,
        neededMinor: Type.Integer({ description: 'What was to be held, with the surplus.' }),
      }),
    ),
  },
  { description: 'What the reason was found from; each part only where the checks came that far.' },
);

export const Surplus = Type.Object(
  { kind: Type.Enum(['none', 'margin', 'fuel']) },
  { additionalProperties: true, description: 'The rule by which more than the amount is held.' },
);

const Timings = Type.Object({
  receivedAt: nullable(Timestamp),
  verifiedMs: Elapsed,
  profileMs: Elapsed,
  databaseMs: Elapsed,
  answeredMs: Elapsed,
});

const LeftAnswer = Type.Object({
  approved: Type.Boolean(),
  reason: Type.String(),
  answeredAt: Timestamp,
});

export const Decision = Type.Object({
  id: Type.String(),
  requestId: Type.String({ description: "Id of Stripe's request event." }),
  tenantId: Type.String(),
  authorizationId: Type.Union([Type.String(), Type.Null()], {
    description: 'Null, as other values of the request, where it was unreadable.',
  }),
  stripeCardId: nullable(Type.String()),
  cardId: Type.Union([Type.String(), Type.Null()], { description: 'Null for an unknown card.' }),
  accountId: nullable(Type.String()),
  approved: Type.Boolean(),
  reason: Type.String({ examples: ['DAILY_LIMIT_EXCEEDED'] }),
  explanation: Type.String({
    description: 'For operators; made from the facts, so decide by those.',
    examples: [
      "The card's daily limit is 500.00 USD; 480.10 USD were spent and 25.00 USD were asked.",
    ],
  }),
  cardholderText: Type.String({
    description: 'May be shown to the cardholder: of what was answered, and without its reason.',
  }),
  currency: nullable(Type.String()),
  askedMinor: nullable(ShownMinor),
  approvedMinor: ShownMinor,
  surplus: Surplus,
  heldMinor: Type.Integer({ description: 'The amount and its surplus, as it was set aside.' }),
  availableBeforeMinor: Type.Union([Type.Integer(), Type.Null()], {
    description: 'On the account at that moment; null while its card is unknown.',
  }),
  creditLimitMinor: Type.Union([Type.Integer(), Type.Null()], {
    description: 'At that moment; null where the checks did not come to the money.',
  }),
  facts: DecisionFacts,
  versions: Type.Union(
    [
      Type.Object({ card: Version, account: Version, cardholder: Version, tenant: Version }),
      Type.Null(),
    ],
    { description: 'Of the rows that it was decided on; null for an unknown card.' },
  ),
  confirmed: Type.Boolean({
    description:
      'Stripe has shown it answered, or ended without it; it no longer adds to the hold.',
  }),
  requestedAt: Type.String({ description: "Stripe's time of the request. ISO 8601, UTC." }),
  decidedAt: Timestamp,
  timings: Timings,
  answer: Type.Union([LeftAnswer, Type.Null()], {
    description:
      'What left as the answer. Null until a moment after, or when it was lost; another than the decision when Postgres was late.',
  }),
});
export type Decision = Static<typeof Decision>;
