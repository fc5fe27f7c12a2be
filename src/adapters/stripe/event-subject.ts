/** What an event is about: its object, and the group of events that are applied together. Pure. */
import { type Json, objectAt, optionalId, optionalText } from './wire.ts';

/** Id of the event's object, when it has one. */
export const objectIdOf = (event: Json): string | null =>
  optionalText(objectAt(objectAt(event, 'data'), 'object'), 'id');

/**
 * The key under which events wait together: everything that moves one customer account or one card's phase
 * has the same key, so that it is applied in one transaction.
 */
export function groupKeyOf(event: Json): string {
  const type = optionalText(event, 'type') ?? '';
  const object = objectAt(objectAt(event, 'data'), 'object');
  const own = optionalText(object, 'id') ?? optionalText(event, 'id') ?? type;
  const family = type.split('.', 1)[0];
  switch (family) {
    case 'issuing_authorization':
    case 'issuing_transaction':
      return optionalId(object, 'card') ?? own;
    case 'issuing_dispute':
      return `dispute:${own}`;
    default:
      return own;
  }
}
