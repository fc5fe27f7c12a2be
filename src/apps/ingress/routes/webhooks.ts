/** Signed messages of others: verify, store, answer. What they mean is the relay's business. */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  type CallbackEvent,
  CHECK_UPDATED,
  verifyCallback,
} from '../../../adapters/kyc/callback.ts';
import { ErrorBody } from '../../../client/schemas/error-body.ts';
import type { IncomingEvent } from '../../../ports/event-intake.ts';
import { within } from '../deadline.ts';
import { ApiError, invalidEvent } from '../errors.ts';
import { createWebhookCounter, type WebhookSender } from '../http-metrics.ts';
import type { App, IngressOptions } from '../ingress-ports.ts';
import { createBodyReader } from '../raw-body.ts';
import { BODY_BYTES_MAX } from '../server-limits.ts';
import { createStripeEventReader, type EventReader } from '../stripe-event.ts';

/** Stripe gives up a delivery after some seconds and sends it again; answering 503 earlier frees the connection. */
const STORE_WITHIN_MS = 2_000;
/** Thousands of honest deliveries at once are some MB. */
const UNFINISHED_BYTES_MAX = 33_554_432;
/** Below the 10 s that a request may take. */
const REFUSED_AFTER_MS = 5_000;

const Received = Type.Object({
  received: Type.Literal(true),
  duplicate: Type.Optional(Type.Literal(true)),
  ignored: Type.Optional(
    Type.Literal('livemode', {
      description:
        'An event of test mode that Stripe sends to live Connect endpoints too; not stored.',
    }),
  ),
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
  const readBody = createBodyReader({
    bodyBytesMax: BODY_BYTES_MAX,
    unfinishedBytesMax: UNFINISHED_BYTES_MAX,
    refusedAfterMs: REFUSED_AFTER_MS,
  });
  // The signature covers the bytes as they came, whatever they claim to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request: FastifyRequest, message: IncomingMessage) =>
    readBody(message),
  );

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

  const receive =
    (sender: WebhookSender, read: EventReader) =>
    async (request: FastifyRequest): Promise<Static<typeof Received>> => {
      let event: IncomingEvent | null;
      try {
        event = read(request, rawBodyOf(request));
      } catch (error) {
        if (error instanceof ApiError) count(sender, 'refused');
        throw error;
      }
      if (event === null) {
        count(sender, 'ignored');
        return { received: true, ignored: 'livemode' };
      }
      const outcome = await store(sender, event);
      count(sender, outcome);
      return outcome === 'duplicate' ? { received: true, duplicate: true } : { received: true };
    };

  app.post(
    '/webhooks/stripe',
    { schema: schemaOf('receiveStripeEvent', 'Receives events that Stripe signed') },
    receive('stripe', createStripeEventReader(options)),
  );
  app.post(
    '/webhooks/kyc',
    { schema: schemaOf('receiveKycCheck', 'Receives what an external KYC provider signed') },
    receive('kyc', (request, rawBody) =>
      callbackIn(rawBody, request.headers['kyc-signature'], options.kycCallbackSecrets),
    ),
  );
}

const rawBodyOf = ({ body }: FastifyRequest): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.alloc(0);

function callbackIn(
  rawBody: Buffer,
  signatureHeader: string | readonly string[] | undefined,
  secrets: readonly string[],
): IncomingEvent {
  const verified = verifyCallback({ rawBody, signatureHeader, secrets });
  if (verified.kind === 'verified') return callbackToIncoming(verified.callback, rawBody);
  throw verified.reason === 'signature'
    ? new ApiError('SIGNATURE_INVALID')
    : invalidEvent(verified.field);
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
