import { type Static, Type } from 'typebox';
import { AnyObject, nullable, Timestamp } from './values.ts';

export const TimelineEntry = Type.Object({
  id: Type.String(),
  at: Timestamp,
  kind: Type.String(),
  phase: nullable(Type.String()),
  body: AnyObject,
});
export type TimelineEntry = Static<typeof TimelineEntry>;
