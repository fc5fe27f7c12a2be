/** Stripe's events: verify, store, answer. What they mean is the relay's business. */
import { Type } from 'typebox';
import { groupKeyOf, objectIdOf } from '../../../adapters/stripe/event-subject.ts';
import { verifyStripeEvent } from '../../../adapters/stripe/signature.ts';
import type { Json } from '../../../adapters/stripe/wire.ts';
import { ErrorBody } from '../../../client/schemas/error-body.ts';
import { storableJson } from '../../../platform/storable-text.ts';
import type { IncomingEvent } from '../../../ports/event-intake.ts';
import { within } from '../deadline.ts';
import { ApiError } from '../errors.ts';
import { createWebhookCounter } from '../http-metrics.ts';
import type { App, IngressOptions } from '../ingress-ports.ts';

/** Stripe gives up a delivery after some seconds and sends it again; answering 503 earlier frees the connection. */
const STORE_WITHIN_MS = 2_000;

const Received = Type.Object({
  received: Type.Literal(true),
  duplicate: Type.Optional(Type.Literal(true)),
});

export function webhookRoutes(app: App, options: IngressOptions): void {
  const { ports, webhookSecrets, metrics } = options;
  const count = createWebhookCounter(metrics);
  // The signature covers the bytes as they came, whatever they claim to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  async function store(event: IncomingEvent): Promise<'stored' | 'duplicate'> {
    try {
      const late = () => new ApiError('DATABASE_UNAVAILABLE');
      return await within(ports.events.store(event), STORE_WITHIN_MS, late);
    } catch (error) {
      count('unavailable');
      throw error;
    }
  }

  app.post(
    '/webhooks/stripe',
    {
      schema: {
        operationId: 'receiveStripeEvent',
        summary: 'Receives events that Stripe signed',
        description:
          'Answers after the event is stored. A repeat is answered alike and stores nothing.',
        tags: ['Webhooks'],
        response: { 200: Received, '4xx': ErrorBody, '5xx': ErrorBody },
      },
    },
    async (request) => {
      const verified = verifyStripeEvent({
        rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        signatureHeader: request.headers['stripe-signature'],
        secrets: webhookSecrets,
      });
      if (verified.kind === 'refused') {
        count('refused');
        throw new ApiError(verified.reason === 'signature' ? 'SIGNATURE_INVALID' : 'EVENT_INVALID');
      }
      const outcome = await store(toIncoming(verified.event));
      count(outcome);
      return {
        received: true as const,
        ...(outcome === 'duplicate' ? { duplicate: true as const } : {}),
      };
    },
  );
}

/** What is kept of an event. All of it is read from the cleaned payload, so that each column can be stored. */
function toIncoming(verified: Json): IncomingEvent {
  const payload = storableJson(verified);
  const event = JSON.parse(payload) as Json;
  const { account } = event;
  return {
    eventId: String(event['id']),
    stripeAccount: typeof account === 'string' ? account : null,
    type: String(event['type']),
    objectId: objectIdOf(event),
    groupKey: groupKeyOf(event),
    created: Number(event['created']),
    payload,
  };
}
