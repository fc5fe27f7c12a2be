/** Signed messages of others: verify, store, answer. What they mean is the relay's business. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  type CallbackEvent,
  CHECK_UPDATED,
  verifyCallback,
} from '../../../adapters/kyc/callback.ts';
import { groupKeyOf, objectIdOf } from '../../../adapters/stripe/event-subject.ts';
import { verifyStripeEvent } from '../../../adapters/stripe/signature.ts';
import type { Json } from '../../../adapters/stripe/wire.ts';
import { ErrorBody } from '../../../client/schemas/error-body.ts';
import { storableValue } from '../../../platform/storable-text.ts';
import type { IncomingEvent } from '../../../ports/event-intake.ts';
import { within } from '../deadline.ts';
import { ApiError, invalidEvent } from '../errors.ts';
import { createWebhookCounter, type WebhookSender } from '../http-metrics.ts';
import type { App, IngressOptions } from '../ingress-ports.ts';

/** Stripe gives up a delivery after some seconds and sends it again; answering 503 earlier frees the connection. */
const STORE_WITHIN_MS = 2_000;

const Received = Type.Object({
  received: Type.Literal(true),
  duplicate: Type.Optional(Type.Literal(true)),
});

const schemaOf = (operationId: string, summary: string) => ({
  operationId,
  summary,
  description: 'Answers after the event is stored. A repeat is answered alike and stores nothing.',
  tags: ['Webhooks'],
  response: { 200: Received, '4xx': ErrorBody, '5xx': ErrorBody },
});

export function webhookRoutes(app: App, options: IngressOptions): void {
  const { ports, metrics } = options;
  const count = createWebhookCounter(metrics);
  // The signature covers the bytes as they came, whatever they claim to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  async function store(
    sender: WebhookSender,
    event: IncomingEvent,
  ): Promise<'stored' | 'duplicate'> {
    try {
      const late = () => new ApiError('DATABASE_UNAVAILABLE');
      return await within(ports.events.store(event), STORE_WITHIN_MS, late);
    } catch (error) {
      count(sender, 'unavailable');
      throw error;
    }
  }

  /** `read` verifies, and throws an ApiError for what is refused. */
  const receive =
    (sender: WebhookSender, read: (request: FastifyRequest) => IncomingEvent) =>
    async (request: FastifyRequest) => {
      let event: IncomingEvent;
      try {
        event = read(request);
      } catch (error) {
        if (error instanceof ApiError) count(sender, 'refused');
        throw error;
      }
      const outcome = await store(sender, event);
      count(sender, outcome);
      return {
        received: true as const,
        ...(outcome === 'duplicate' ? { duplicate: true as const } : {}),
      };
    };

  app.post(
    '/webhooks/stripe',
    { schema: schemaOf('receiveStripeEvent', 'Receives events that Stripe signed') },
    receive('stripe', (request) => stripeEventIn(request, options.webhookSecrets)),
  );
  app.post(
    '/webhooks/kyc',
    { schema: schemaOf('receiveKycCheck', 'Receives what an external KYC provider signed') },
    receive('kyc', (request) => callbackIn(request, options.kycCallbackSecrets)),
  );
}

const rawBodyOf = ({ body }: FastifyRequest): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.alloc(0);

function stripeEventIn(request: FastifyRequest, secrets: readonly string[]): IncomingEvent {
  const rawBody = rawBodyOf(request);
  const verified = verifyStripeEvent({
    rawBody,
    signatureHeader: request.headers['stripe-signature'],
    secrets,
  });
  if (verified.kind === 'verified') return toIncoming(rawBody);
  throw new ApiError(verified.reason === 'signature' ? 'SIGNATURE_INVALID' : 'EVENT_INVALID');
}

function callbackIn(request: FastifyRequest, secrets: readonly string[]): IncomingEvent {
  const rawBody = rawBodyOf(request);
  const verified = verifyCallback({
    rawBody,
    signatureHeader: request.headers['kyc-signature'],
    secrets,
  });
  if (verified.kind === 'verified') return callbackToIncoming(verified.callback, rawBody);
  throw verified.reason === 'signature'
    ? new ApiError('SIGNATURE_INVALID')
    : invalidEvent(verified.field);
}

/** What is kept of an event: the body as it was signed, and what it is found by, in texts that Postgres can keep. */
function toIncoming(rawBody: Buffer): IncomingEvent {
  const payload = rawBody.toString('utf8');
  const event = storableValue(payload) as Json;
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

/** The names begin with ours, so that no provider's can meet one of Stripe's. */
function callbackToIncoming({ id, created, check }: CallbackEvent, rawBody: Buffer): IncomingEvent {
  return {
    eventId: `kyc:${id}`,
    stripeAccount: null,
    tenantId: check.tenantId,
    type: CHECK_UPDATED,
    objectId: check.reference,
    groupKey: `kyc:${check.reference}`,
    created,
    payload: rawBody.toString('utf8'),
  };
}
