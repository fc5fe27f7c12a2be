import { type Static, Type } from 'typebox';
import { PersonText, ReasonText } from './audit-log.ts';
import { pageFields } from './page.ts';
import { AnyObject, CardIdText, nullable, TenantIdText, Timestamp } from './values.ts';

export const AttentionItem = Type.Object({
  id: Type.String(),
  tenantId: nullable(Type.String()),
  kind: Type.String(),
  subject: Type.String({ description: 'What it is about: an id.' }),
  cardId: nullable(Type.String()),
  accountId: nullable(Type.String()),
  details: AnyObject,
  openedAt: Timestamp,
  closedAt: nullable(Timestamp),
  resolution: nullable(Type.String()),
  resolvedBy: Type.Union([Type.String(), Type.Null()], {
    description: 'The person who settled it; null when the missing piece did.',
  }),
  remedy: Type.String({ description: 'What to do about it; may be worded otherwise one day.' }),
});
export type AttentionItem = Static<typeof AttentionItem>;

export const AttentionQuery = Type.Object(
  {
    ...pageFields,
    tenantId: Type.Optional(TenantIdText),
    cardId: Type.Optional(CardIdText),
    status: Type.Optional(Type.Enum(['open', 'closed', 'all'], { default: 'open' })),
  },
  { additionalProperties: false },
);
export type AttentionQuery = Static<typeof AttentionQuery>;

export const ResolveAttention = Type.Object(
  { reason: ReasonText, by: PersonText },
  { additionalProperties: false },
);
export type ResolveAttention = Static<typeof ResolveAttention>;
