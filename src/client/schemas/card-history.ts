import { type Static, Type } from 'typebox';
import { AnyObject, CurrencyCode, nullable, ShownMinor, Timestamp } from './values.ts';

export const TimelineEntry = Type.Object({
  id: Type.String(),
  at: Timestamp,
  kind: Type.String(),
  phase: nullable(Type.String()),
  body: AnyObject,
});
export type TimelineEntry = Static<typeof TimelineEntry>;

export const Decision = Type.Object({
  id: Type.String(),
  requestId: Type.String(),
  authorizationId: Type.String(),
  cardId: Type.String(),
  approved: Type.Boolean(),
  reason: Type.String(),
  askedMinor: ShownMinor,
  approvedMinor: ShownMinor,
  currency: CurrencyCode,
  availableBeforeMinor: nullable(ShownMinor),
  confirmed: Type.Boolean(),
  decidedAt: Timestamp,
  timings: AnyObject,
});
export type Decision = Static<typeof Decision>;
