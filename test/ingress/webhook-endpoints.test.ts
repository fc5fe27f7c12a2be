/** Which endpoint an event came to, and in which mode: secrets bound to one kind of event, and livemode. */
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../src/apps/ingress/ingress-ports.ts';
import { createFakeCardWorkflows } from './fake-card-workflows.ts';
import { buildTestApp, client, ingressUnderTest, portsOver } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
const apps: App[] = [];
let test: App;
let live: App;

const BOUND = [
  { signs: 'platform', secret: 'whsec_platform_new' },
  { signs: 'platform', secret: 'whsec_platform_old' },
  { signs: 'connect', secret: 'whsec_connect' },
  { signs: 'any', secret: 'whsec_any' },
] as const;

beforeAll(async () => {
  const ports = portsOver(ingress.sql, createFakeCardWorkflows());
  test = await buildTestApp(ports, { webhookSecrets: BOUND });
  live = await buildTestApp(ports, { webhookSecrets: BOUND, livemode: true });
  apps.push(test, live);
});
afterAll(async () => {
  for (const app of apps) await app.close();
});

const CONNECTED = { account: 'acct_somebody' };

async function deliver(app: App, secret: string, change: object = {}) {
  const id = `evt_${randomUUID().replaceAll('-', '')}`;
  const payload = JSON.stringify({
    id,
    object: 'event',
    type: 'issuing_card.updated',
    created: 1_790_000_000,
    data: { object: { id: 'ic_1', object: 'issuing.card' } },
    ...change,
  });
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  const { status, body } = await client(app).inject({
    method: 'POST',
    url: '/webhooks/stripe',
    headers: { 'content-type': 'application/json', 'stripe-signature': header },
    payload,
  });
  const rows = await ingress.sql`select from inbox where event_id = ${id}`;
  const said = status === 200 ? (body['ignored'] ?? 'received') : body.error?.code;
  return { status, said, stored: rows.length };
}

const TAKEN = { status: 200, said: 'received', stored: 1 };
const OTHER_SECRET = { status: 400, said: 'EVENT_UNDER_OTHER_SECRET', stored: 0 };
const MISMATCH = { status: 400, said: 'LIVEMODE_MISMATCH', stored: 0 };

describe('a signing secret', () => {
  it('signs the events of its kind of endpoint, new and old alike', async () => {
    for (const secret of ['whsec_platform_new', 'whsec_platform_old', 'whsec_any']) {
      expect(await deliver(test, secret)).toEqual(TAKEN);
    }
    for (const secret of ['whsec_connect', 'whsec_any']) {
      expect(await deliver(test, secret, CONNECTED)).toEqual(TAKEN);
    }
  });

  it('signs nothing of the other kind', async () => {
    expect(await deliver(test, 'whsec_connect')).toEqual(OTHER_SECRET);
    expect(await deliver(test, 'whsec_platform_old', CONNECTED)).toEqual(OTHER_SECRET);
  });

  it('signs nothing once it is retired', async () => {
    const ports = portsOver(ingress.sql, createFakeCardWorkflows());
    const rolled = await buildTestApp(ports, { webhookSecrets: BOUND.slice(0, 1) });
    apps.push(rolled);
    expect(await deliver(rolled, 'whsec_platform_new')).toEqual(TAKEN);
    expect(await deliver(rolled, 'whsec_platform_old')).toEqual({
      status: 400,
      said: 'SIGNATURE_INVALID',
      stored: 0,
    });
  });
});

describe('the mode of an event', () => {
  it('is the one of the installation', async () => {
    expect(await deliver(test, 'whsec_any', { livemode: false })).toEqual(TAKEN);
    expect(await deliver(live, 'whsec_any', { livemode: true })).toEqual(TAKEN);
  });

  it('is refused when it is the other one', async () => {
    expect(await deliver(test, 'whsec_any', { livemode: true })).toEqual(MISMATCH);
    expect(await deliver(test, 'whsec_any', { livemode: true, ...CONNECTED })).toEqual(MISMATCH);
    expect(await deliver(live, 'whsec_any', { livemode: false })).toEqual(MISMATCH);
    // Nothing that does not say so is of live mode.
    expect(await deliver(live, 'whsec_any')).toEqual(MISMATCH);
  });

  it('is passed over for tests of a connected account at a live endpoint, and counted', async () => {
    const tested = { livemode: false, ...CONNECTED };
    expect(await deliver(live, 'whsec_connect', tested)).toEqual({
      status: 200,
      said: 'livemode',
      stored: 0,
    });
    const { body } = await live.inject('/metrics');
    expect(body).toMatch(/webhooks_received_total\{sender="stripe",outcome="ignored".*\} 1\n/);
  });
});

describe('a signed event with a time that is none', () => {
  it.each([
    ['in milliseconds', 1_790_000_000_000],
    ['before 1970', -1],
    ['in parts of a second', 1_790_000_000.5],
  ])('is refused: %s', async (_what, created) => {
    expect(await deliver(test, 'whsec_any', { created })).toEqual({
      status: 400,
      said: 'EVENT_INVALID',
      stored: 0,
    });
  });
});

describe('a signed event with a name that no index takes', () => {
  it.each([
    ['id', { id: `evt_${'x'.repeat(3_000)}` }],
    ['type', { type: 'x'.repeat(3_000) }],
    ['object', { data: { object: { id: 'x'.repeat(3_000) } } }],
    ['account', { account: 'x'.repeat(3_000) }],
  ])('is refused: %s', async (_what, change) => {
    expect(await deliver(test, 'whsec_any', change)).toEqual({
      status: 400,
      said: 'EVENT_INVALID',
      stored: 0,
    });
  });
});
