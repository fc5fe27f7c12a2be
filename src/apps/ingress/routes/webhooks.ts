/** Stripe's events: verify, store, answer. What they mean is the relay's business. */
import { Type } from 'typebox';
import { groupKeyOf, objectIdOf } from '../../../adapters/stripe/event-subject.ts';
import { type VerifiedEvent, verifyStripeEvent } from '../../../adapters/stripe/signature.ts';
import { ErrorBody } from '../../../client/schemas/error-body.ts';
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

function toIncoming(event: Extract<VerifiedEvent, { kind: 'verified' }>['event']): IncomingEvent {
  const { account } = event;
  return {
    eventId: String(event['id']),
    stripeAccount: typeof account === 'string' ? account : null,
    type: String(event['type']),
    objectId: objectIdOf(event),
    groupKey: groupKeyOf(event),
    created: Number(event['created']),
    payload: storableJson(event),
  };
}

/**
 * The event as JSON that Postgres can hold: it refuses the character NUL and halves of surrogate pairs, which
 * a merchant's name may contain. They carry no meaning, and an event must not be lost for them.
 */
function storableJson(event: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(event);
  if (!/\\u(?:0000|d[89a-f])/i.test(text)) return text;
  return JSON.stringify(event, (_key, value: unknown) =>
    typeof value === 'string'
      ? value.replaceAll('\u0000', '').replaceAll(/\p{Surrogate}/gu, '\ufffd')
      : value,
  );
}
