/** The API version in which an answer is written. */
import { type Json, optionalText } from './wire.ts';

/** The one that Stripe's library was made for, which would take the authorizer longer to load than all the rest. */
export const LIBRARY_API_VERSION = '2026-10-28.endive';
/** What may stand in a header, with room for the beta flags that Stripe puts behind a version. */
const HEADER_TEXT = /^[\x21-\x7e][\x20-\x7e]{0,127}$/;

/** The version that the event was written in; where it does not tell, the one that our library was made for. */
export function apiVersionOf(event: Json): string {
  const version = optionalText(event, 'api_version')?.trim() ?? '';
  return HEADER_TEXT.test(version) ? version : LIBRARY_API_VERSION;
}
