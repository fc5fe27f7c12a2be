/** The API version in which an answer is written. */
import { Stripe } from 'stripe';
import { type Json, optionalText } from './wire.ts';

/** What may stand in a header, with room for the beta flags that Stripe puts behind a version. */
const HEADER_TEXT = /^[\x21-\x7e][\x20-\x7e]{0,127}$/;

/** The version that the event was written in; where it does not tell, the one that our library was made for. */
export function apiVersionOf(event: Json): string {
  const version = optionalText(event, 'api_version')?.trim() ?? '';
  return HEADER_TEXT.test(version) ? version : Stripe.API_VERSION;
}
