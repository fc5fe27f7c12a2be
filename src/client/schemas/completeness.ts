import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import { nullable, TenantIdText, Timestamp } from './values.ts';

const DayText = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  description: 'A day of UTC.',
  examples: ['2026-11-23'],
});

const CountedSet = Type.Object({
  count: Type.Integer(),
  hash: Type.String({ description: 'SHA-256 of the sorted event ids, a line each; hexadecimal.' }),
});

const MissedEvent = Type.Object({
  eventId: Type.String(),
  type: Type.String(),
  createdAt: Timestamp,
  at: Timestamp,
});

export const CompletenessDay = Type.Object({
  tenantId: TenantIdText,
  day: DayText,
  state: Type.Enum(['whole', 'running', 'open', 'unchecked', 'unprovable'], {
    description:
      '`whole`: over, and both sides had the same events. `running`: not over, and equal until the look. ' +
      '`open`: they differ. `unchecked`: nobody has looked. `unprovable`: Stripe lists a part of it no longer, and it was not read in time.',
  }),
  compared: nullable(
    Type.Object({
      typeSet: Type.String({
        description: 'Which event types were compared.',
        examples: ['issuing-2026-11'],
      }),
      from: Timestamp,
      to: Timestamp,
      at: Timestamp,
      atStripe: CountedSet,
      ours: CountedSet,
      unknownCount: Type.Integer({ description: 'Events of ours that Stripe does not list.' }),
      unknown: Type.Array(Type.String(), { description: 'The first of them, at most 100.' }),
    }),
  ),
  wholeAt: nullable(Timestamp),
  missingCount: Type.Integer(),
  missing: Type.Array(MissedEvent, {
    description: 'Still missing, at most 100 of them; `at` is when that was found.',
  }),
  filledCount: Type.Integer(),
  filled: Type.Array(MissedEvent, {
    description:
      "Came from Stripe's list, or late, at most 100 of them; `at` is when they were stored.",
  }),
  gap: nullable(
    Type.Object(
      {
        from: Timestamp,
        to: Timestamp,
        foundAt: Timestamp,
        rereadAt: nullable(Timestamp),
      },
      {
        description:
          'The span whose events cannot be known any more. Its objects are read again instead, at `rereadAt`.',
      },
    ),
  ),
});
export type CompletenessDay = Static<typeof CompletenessDay>;

export const CompletenessQuery = Type.Object(
  {
    day: Type.Optional(DayText),
    tenantId: Type.Optional(TenantIdText),
    ...pageFields,
  },
  { additionalProperties: false },
);
export type CompletenessQuery = Static<typeof CompletenessQuery>;
