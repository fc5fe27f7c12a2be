/** Which of Stripe's deliveries are taken, and what is kept of an event. */
import type { FastifyRequest } from 'fastify';
import { groupKeyOf, objectIdOf } from '../../adapters/stripe/event-subject.ts';
import { verifyStripeEvent } from '../../adapters/stripe/signature.ts';
import type { Json } from '../../adapters/stripe/wire.ts';
import type { EndpointSecret } from '../../platform/config.ts';
import { storableParsed } from '../../platform/storable-text.ts';
import type { IncomingEvent } from '../../ports/event-intake.ts';
import { ApiError } from './errors.ts';

/** Ids and types of Stripe's have some dozens of characters, at most 255; what is longer would not fit into an index. */
const NAME_CHARACTERS_MAX = 255;

export interface StripeEndpoint {
  readonly webhookSecrets: readonly EndpointSecret[];
  readonly livemode: boolean;
}

/** Null for an event that Stripe sends here by design, and that is of no concern here. */
export type EventReader = (request: FastifyRequest, rawBody: Buffer) => IncomingEvent | null;

/** The reader throws an ApiError for what is refused. */
export function createStripeEventReader({ webhookSecrets, livemode }: StripeEndpoint): EventReader {
  const secrets = webhookSecrets.map(({ secret }) => secret);
  return (request, rawBody) => {
    const signatureHeader = request.headers['stripe-signature'];
    const verified = verifyStripeEvent({ rawBody, signatureHeader, secrets });
    if (verified.kind === 'refused') {
      throw new ApiError(verified.reason === 'signature' ? 'SIGNATURE_INVALID' : 'EVENT_INVALID');
    }
    const { event, secretIndex } = verified;
    const isConnect = typeof event['account'] === 'string';
    const signs = webhookSecrets[secretIndex]?.signs;
    if (signs !== 'any' && (signs === 'connect') !== isConnect) {
      throw new ApiError('EVENT_UNDER_OTHER_SECRET');
    }
    const isLive = event['livemode'] === true;
    if (isLive !== livemode) {
      // "Both live and test webhooks are sent to your production webhook URLs" (https://docs.stripe.com/connect/webhooks): an
      // account that is connected in both modes tells a live Connect endpoint of its tests as well. A refusal would have
      // Stripe repeat each of them for three days, and switch the endpoint off in the end.
      if (livemode && isConnect) return null;
      throw new ApiError('LIVEMODE_MISMATCH');
    }
    return toIncoming(rawBody, event);
  };
}

/** The body as it was signed, and what it is found by, in texts that Postgres can keep. */
function toIncoming(rawBody: Buffer, verified: Json): IncomingEvent {
  const payload = rawBody.toString('utf8');
  const event = storableParsed(payload, verified) as Json;
  const { account } = event;
  const incoming: IncomingEvent = {
    eventId: String(event['id']),
    stripeAccount: typeof account === 'string' ? account : null,
    type: String(event['type']),
    objectId: objectIdOf(event),
    groupKey: groupKeyOf(event),
    created: Number(event['created']),
    payload,
  };
  const { eventId, stripeAccount, type, objectId, groupKey } = incoming;
  for (const name of [eventId, stripeAccount, type, objectId, groupKey]) {
    if (name !== null && name.length > NAME_CHARACTERS_MAX) throw new ApiError('EVENT_INVALID');
  }
  return incoming;
}
