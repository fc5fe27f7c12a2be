import { type Static, Type } from 'typebox';
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
