/** What an operator or the cardholder can ask of a card. */
import { type Static, Type } from 'typebox';
import { Design, NewShipping, SecondLine } from './card.ts';
import { nullable } from './values.ts';

const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  description: 'For the timeline.',
});
const closed = { additionalProperties: false } as const;

export const DecideKyc = Type.Object(
  { approved: Type.Boolean(), reason: Reason },
  { ...closed, examples: [{ approved: true, reason: 'Passport checked by hand' }] },
);
export type DecideKyc = Static<typeof DecideKyc>;

export const ConfirmDelivery = Type.Object(
  {
    last4: Type.String({
      pattern: '^[0-9]{4}$',
      description: 'The last four digits on the card that arrived.',
    }),
  },
  { ...closed, examples: [{ last4: '4242' }] },
);
export type ConfirmDelivery = Static<typeof ConfirmDelivery>;

export const Freeze = Type.Object(
  {
    by: Type.Optional(
      Type.Enum(['operator', 'cardholder'], {
        default: 'operator',
        description: 'Who wants it. Each lifts its own freeze only.',
      }),
    ),
    reason: Type.Optional(Reason),
  },
  { ...closed, examples: [{ by: 'cardholder', reason: 'Cannot find the card' }] },
);
export type Freeze = Static<typeof Freeze>;

export const Unfreeze = Type.Object(
  {
    by: Type.Optional(
      Type.Enum(['operator', 'cardholder', 'fraud'], {
        default: 'operator',
        description:
          'Whose freeze is lifted. `fraud` was put on by a warning of Stripe, and is for an operator to dismiss.',
      }),
    ),
    reason: Type.Optional(Reason),
  },
  { ...closed, examples: [{ by: 'cardholder', reason: 'Found it' }] },
);
export type Unfreeze = Static<typeof Unfreeze>;

export const Replace = Type.Object(
  {
    reason: Type.Enum(['lost', 'stolen', 'damaged', 'expired'], {
      description: '`lost` and `stolen` end the card at once; its replacement has a new number.',
    }),
    shipping: Type.Optional(NewShipping),
  },
  { ...closed, examples: [{ reason: 'lost' }] },
);
export type Replace = Static<typeof Replace>;

export const Cancel = Type.Object(
  {
    reason: Type.Optional(Type.Enum(['requested', 'lost', 'stolen'], { default: 'requested' })),
  },
  { ...closed, examples: [{ reason: 'lost' }] },
);
export type Cancel = Static<typeof Cancel>;

export const RetryIssuance = Type.Object(
  {
    secondLine: Type.Optional(nullable(SecondLine)),
    personalizationDesign: Type.Optional(nullable(Design)),
  },
  {
    ...closed,
    description:
      'What is printed, where Stripe refused it; null takes it off. Nothing to leave it.',
    examples: [{ secondLine: 'Analytical Engines' }],
  },
);
export type RetryIssuance = Static<typeof RetryIssuance>;

/** Commands without arguments take an empty object, or no body. */
export const NoArguments = Type.Object({}, closed);
