import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import { AnyObject, nullable } from './values.ts';

const TimelineSource = Type.Enum(['lifecycle', 'decision', 'money', 'attention']);

export const TimelineEntry = Type.Object({
  id: Type.String(),
  at: Type.String({
    description:
      'When it was written here, ISO 8601 in UTC; money that happened earlier says so in its `body`.',
    examples: ['2026-11-23T09:30:00.000Z'],
  }),
  source: TimelineSource,
  kind: Type.String({
    description:
      'Of the life: the fact or command. Of decisions: approved, declined. Of money: the kind of the entry. Of attention: opened, closed.',
  }),
  phase: nullable(Type.String()),
  text: Type.String({
    description: 'One line for people; decide by `kind` and `body`.',
    examples: ['Approved 12.50 USD at Corner Cafe'],
  }),
  body: AnyObject,
});
export type TimelineEntry = Static<typeof TimelineEntry>;

export const TimelineQuery = Type.Object(
  {
    ...pageFields,
    source: Type.Optional(
      Type.Enum(['lifecycle', 'decision', 'money', 'attention'], {
        description: 'One source alone; all in one order unless given.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type TimelineQuery = Static<typeof TimelineQuery>;
