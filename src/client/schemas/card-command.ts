/** What an operator or the cardholder can ask of a card. */
import { type Static, Type } from 'typebox';

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
  { reason: Type.Optional(Reason) },
  { ...closed, examples: [{ reason: 'Customer cannot find the card' }] },
);
export type Freeze = Static<typeof Freeze>;

export const Cancel = Type.Object(
  {
    reason: Type.Optional(Type.Enum(['requested', 'lost', 'stolen'], { default: 'requested' })),
  },
  { ...closed, examples: [{ reason: 'lost' }] },
);
export type Cancel = Static<typeof Cancel>;

/** Commands without arguments take an empty object, or no body. */
export const NoArguments = Type.Object({}, closed);
