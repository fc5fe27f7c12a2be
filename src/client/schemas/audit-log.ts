/** What was done by hand, by whom and why. */
import { type Static, Type } from 'typebox';
import { pageFields } from './page.ts';
import { AnyObject, nullable, Timestamp } from './values.ts';

/** Why a person does something, in their words. No personal data of customers: it is kept for good. */
export const ReasonText = Type.String({
  minLength: 1,
  maxLength: 500,
  description: 'Why, for those who come after; it is kept, so name no customer.',
  examples: ['agreed with the customer, ticket 8812'],
});
export const PersonText = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The person who does it, as your systems name them.',
  examples: ['j.doe'],
});

export const AuditEntry = Type.Object({
  id: Type.String(),
  at: Timestamp,
  actor: Type.String({
    description: 'The API key, or the command and its user.',
    examples: ['api-key:back-office'],
  }),
  action: Type.String({ examples: ['event.replayed'] }),
  subject: Type.String({ description: 'What it was done to: an id.' }),
  reason: nullable(Type.String()),
  details: AnyObject,
  requestId: Type.Union([Type.String(), Type.Null()], {
    description: 'The `x-request-id` of the answer; null for a command.',
  }),
});
export type AuditEntry = Static<typeof AuditEntry>;

const Filter = Type.Optional(Type.String({ minLength: 1, maxLength: 300 }));

export const AuditQuery = Type.Object(
  { ...pageFields, actor: Filter, action: Filter, subject: Filter },
  { additionalProperties: false },
);
export type AuditQuery = Static<typeof AuditQuery>;
