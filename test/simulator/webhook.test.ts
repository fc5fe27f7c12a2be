import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { ADDRESS, type Program, refusal, startProgram, startReceiver } from './program.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram();
});
afterEach(() => program.close());

describe('a delivery', () => {
  it('is signed with the secret that only the creation shows', async () => {
    const endpoint = await program.subscribe();
    expect(endpoint.secret).toMatch(/^whsec_\w{32}$/);
    expect(await program.stripe.webhookEndpoints.retrieve(endpoint.id)).not.toHaveProperty(
      'secret',
    );
    const holder = await program.cardholder();
    await program.simulator.settle();
    const [received] = program.receiver.received;
    const event = program.stripe.webhooks.constructEvent(
      received?.raw ?? '',
      String(received?.headers['stripe-signature']),
      endpoint.secret ?? '',
    );
    expect(event).toMatchObject({
      object: 'event',
      type: 'issuing_cardholder.created',
      api_version: '2026-10-28.endive',
      livemode: false,
      pending_webhooks: 1,
      data: { object: { id: holder.id } },
      request: {
        id: expect.stringMatching(/^req_/),
        idempotency_key: expect.stringMatching(/^stripe-node-retry/),
      },
    });
    expect(event).not.toHaveProperty('account');
  });

  it('uses real time in its signature, whatever the simulator clock says', async () => {
    const endpoint = await program.subscribe();
    await program.control('POST', '/_sim/clock/advance', { seconds: 40 * 86_400 });
    await program.cardholder();
    await program.simulator.settle();
    const [received] = program.receiver.received;
    const signature = String(received?.headers['stripe-signature']);
    expect(Math.abs(Number(/t=(\d+)/.exec(signature)?.[1]) - Date.now() / 1000)).toBeLessThan(5);
    expect(
      program.stripe.webhooks.constructEvent(received?.raw ?? '', signature, endpoint.secret ?? '')
        .created,
    ).toBeGreaterThan(Date.now() / 1000 + 39 * 86_400);
  });

  it('is repeated until it is answered with 2xx, with the same body', async () => {
    await program.subscribe();
    let left = 4;
    let failing: Stripe.Event[] = [];
    program.receiver.respond = async () => {
      ({ data: failing } = await program.stripe.events.list({ delivery_success: false }));
      return { status: left-- > 0 ? (left % 2 === 0 ? 302 : 500) : 204 };
    };
    await program.cardholder();
    await program.simulator.settle();
    expect(program.receiver.received).toHaveLength(5);
    expect(new Set(program.receiver.received.map(({ raw }) => raw)).size).toBe(1);
    expect(failing).toMatchObject([{ pending_webhooks: 1 }]);
    expect((await program.stripe.events.list({ delivery_success: false })).data).toEqual([]);
    expect(await program.control('GET', '/_sim/webhooks')).toMatchObject({
      events: 1,
      deliveries: { sent: 5, failed: 4, succeeded: 1 },
      pending: 0,
    });
  });

  it('reaches a receiver that was down once it is back', async () => {
    await program.subscribe();
    const port = Number(new URL(program.receiver.url).port);
    await program.receiver.close();
    await program.cardholder();
    await eventually(async () => {
      const { deliveries } = (await program.control('GET', '/_sim/webhooks')) as {
        deliveries: { failed: number };
      };
      return deliveries.failed > 0;
    });
    const back = await startReceiver(port);
    try {
      await program.simulator.settle();
      expect(back.types()).toEqual(['issuing_cardholder.created']);
    } finally {
      await back.close();
    }
  });

  it('of an endpoint that is stuck does not hold up another', async () => {
    const stuck = await startReceiver();
    try {
      stuck.respond = () => undefined;
      await program.subscribe({ url: stuck.url });
      await program.subscribe();
      for (let i = 0; i < 12; i += 1) await program.cardholder();
      await eventually(() => program.receiver.received.length === 12);
      await eventually(() => stuck.received.length === 8);
      expect(await program.control('GET', '/_sim/webhooks')).toMatchObject({ pending: 12 });
    } finally {
      await stuck.close();
    }
  });

  it('can be asked for again', async () => {
    await program.subscribe();
    await program.cardholder();
    await program.simulator.settle();
    const [first] = program.receiver.received;
    expect(await program.control('POST', `/_sim/webhooks/${first?.event.id}/resend`)).toMatchObject(
      { endpoints: 1 },
    );
    await program.simulator.settle();
    expect(program.receiver.received.map(({ raw }) => raw)).toEqual([first?.raw, first?.raw]);
  });
});

describe('an endpoint', () => {
  it('gets what it is enabled for; "*" leaves out the two explicit types', async () => {
    await program.subscribe();
    const explicit = await startReceiver();
    try {
      await program.subscribe({
        url: explicit.url,
        enabled_events: ['identity.verification_session.redacted', 'issuing_cardholder.created'],
      });
      const session = await program.stripe.identity.verificationSessions.create({
        type: 'document',
      });
      await program.stripe.identity.verificationSessions.redact(session.id);
      await program.cardholder();
      await program.simulator.settle();
      expect(program.receiver.types().toSorted()).toEqual([
        'identity.verification_session.canceled',
        'identity.verification_session.created',
        'issuing_cardholder.created',
      ]);
      expect(explicit.types().toSorted()).toEqual([
        'identity.verification_session.redacted',
        'issuing_cardholder.created',
      ]);
    } finally {
      await explicit.close();
    }
  });

  it('with connect gets events of connected accounts only, with their account', async () => {
    await program.subscribe();
    const connected = await startReceiver();
    try {
      await program.subscribe({ url: connected.url, connect: true });
      const { id } = await program.control('POST', '/_sim/accounts', {});
      const there = await program.stripe.issuing.cardholders.create(
        { name: 'Ada', billing: { address: ADDRESS } },
        { stripeAccount: String(id) },
      );
      const here = await program.cardholder();
      await program.simulator.settle();
      const ids = (events: Stripe.Event[]) =>
        events.map((event) => (event.data.object as { id: string }).id);
      expect(ids(program.receiver.events('issuing_cardholder.created'))).toEqual([here.id]);
      expect(ids(connected.events('issuing_cardholder.created'))).toEqual([there.id]);
      expect(connected.received[0]?.event.account).toBe(id);
      const listed = await program.stripe.events.list({}, { stripeAccount: String(id) });
      expect(listed.data.map((event) => event.account)).toEqual([id]);
    } finally {
      await connected.close();
    }
  });

  it('can be changed, disabled, listed and deleted, and has a version of its own', async () => {
    const { webhookEndpoints } = program.stripe;
    const endpoint = await program.subscribe({
      api_version: '2024-06-20',
      metadata: { a: '1' },
      description: 'mine',
    });
    expect(endpoint).toMatchObject({
      status: 'enabled',
      api_version: '2024-06-20',
      description: 'mine',
    });
    await program.cardholder();
    await program.simulator.settle();
    expect(program.receiver.received[0]?.event.api_version).toBe('2024-06-20');
    expect(
      await webhookEndpoints.update(endpoint.id, {
        disabled: true,
        enabled_events: ['issuing_card.created'],
      }),
    ).toMatchObject({ status: 'disabled', enabled_events: ['issuing_card.created'] });
    await program.card();
    await program.simulator.settle();
    expect(program.receiver.received).toHaveLength(1);
    expect((await webhookEndpoints.list()).data).toHaveLength(1);
    expect(await webhookEndpoints.del(endpoint.id)).toMatchObject({
      id: endpoint.id,
      deleted: true,
    });
    expect((await refusal(webhookEndpoints.retrieve(endpoint.id))).statusCode).toBe(404);
  });

  it('must have a usable URL and known event types', async () => {
    expect((await refusal(program.subscribe({ url: 'localhost:3000' }))).code).toBe('url_invalid');
    const wrong = 'issuing_card.shipped' as Stripe.WebhookEndpointCreateParams.EnabledEvent;
    expect((await refusal(program.subscribe({ enabled_events: [wrong] }))).param).toBe(
      'enabled_events[0]',
    );
    expect((await refusal(program.subscribe({ enabled_events: [] }))).param).toBe('enabled_events');
  });
});

describe('the list of events', () => {
  it('is filtered by type, wildcard, types and time, and reaches back 30 days', async () => {
    const { events } = program.stripe;
    const card = await program.card();
    await program.stripe.issuing.cards.update(card.id, { metadata: { a: '1' } });
    const types = async (params: Stripe.EventListParams) =>
      (await events.list(params)).data.map(({ type }) => type);
    expect(await types({})).toEqual([
      'issuing_card.updated',
      'issuing_card.created',
      'issuing_cardholder.created',
    ]);
    expect(await types({ type: 'issuing_card.*' })).toEqual([
      'issuing_card.updated',
      'issuing_card.created',
    ]);
    expect(
      await types({ types: ['issuing_card.updated', 'issuing_cardholder.created'] }),
    ).toHaveLength(2);
    expect((await refusal(events.list({ type: 'a', types: ['b'] }))).param).toBe('type');
    expect(await types({ created: { lt: card.created - 10 } })).toEqual([]);
    const [newest] = (await events.list({ limit: 1 })).data;
    expect((await events.retrieve(newest?.id ?? '')).data.previous_attributes).toEqual({
      metadata: { a: null },
    });
    await program.control('POST', '/_sim/clock/advance', { seconds: 31 * 86_400 });
    expect(await types({})).toEqual([]);
  });
});
