/** What the authorizer answers over HTTP, with a decider that answers as the test says. */
import { describe, expect, it } from 'vitest';
import { minorUnits, ZERO } from '../../src/domain/money.ts';
import { event } from '../support/stripe-events.ts';
import {
  approved,
  CONNECTED_ACCOUNT,
  CONNECTED_SECRET,
  post,
  requestEvent,
  startAuthorizer,
} from './authorizer-under-test.ts';

const declined = approved({ approved: false, reason: 'INSUFFICIENT_FUNDS', approvedMinor: ZERO });
const messageOf = (response: { json(): unknown }): string =>
  (response.json() as { error: { message: string } }).error.message;

describe('an answer', () => {
  it('has the form Stripe asks for, in the version of the event', async () => {
    const { app } = startAuthorizer();
    const response = await post(app, requestEvent());
    expect(response.statusCode).toBe(200);
    expect(response.headers['stripe-version']).toBe('2026-10-28.endive');
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    expect(response.json()).toEqual({
      approved: true,
      metadata: { evt_request: 'dec_1 APPROVED' },
    });
  });

  it('is a decline with its reason', async () => {
    const { app } = startAuthorizer({ decide: () => Promise.resolve(declined) });
    expect((await post(app, requestEvent())).json()).toEqual({
      approved: false,
      metadata: { evt_request: 'dec_1 INSUFFICIENT_FUNDS' },
    });
  });

  it('has an amount only where it is a part of what was asked', async () => {
    const part = approved({ reason: 'APPROVED_PARTLY', approvedMinor: minorUnits(400) });
    const { app } = startAuthorizer({ decide: () => Promise.resolve(part) });
    expect((await post(app, requestEvent())).json()).toMatchObject({ approved: true, amount: 400 });
    const check = approved({ reason: 'ACCOUNT_CHECK', approvedMinor: ZERO });
    const other = startAuthorizer({ decide: () => Promise.resolve(check) });
    const nothing = { amount: 0, currency: 'usd', merchant_currency: 'usd' };
    const response = await post(other.app, requestEvent({ pending_request: nothing }));
    expect(response.json()).toEqual({
      approved: true,
      metadata: { evt_request: 'dec_1 ACCOUNT_CHECK' },
    });
  });

  it('is well-formed for an id that is too long for a metadata key, and other ids have other keys', async () => {
    const { app } = startAuthorizer();
    const ids = ['a', 'b'].map((end) => `evt_${'x'.repeat(250)}${end}`);
    const keys = [];
    for (const id of ids) {
      const { metadata } = (await post(app, { ...requestEvent(), id })).json() as {
        metadata: Record<string, string>;
      };
      keys.push(...Object.keys(metadata));
    }
    expect(keys.map((key) => key.length)).toEqual([40, 40]);
    expect(new Set(keys).size).toBe(2);
  });

  it.each([
    ['is missing', undefined],
    ['is null', null],
    ['would break a header', 'a\r\nset-cookie: b'],
    ['is empty', ' '],
  ])('is in the pinned version where that of the event %s', async (_when, version) => {
    const { app } = startAuthorizer();
    const response = await post(app, { ...requestEvent(), api_version: version });
    expect(response.statusCode).toBe(200);
    expect(response.headers['stripe-version']).toBe('2026-10-28.endive');
  });

  it('is in the version of the event, beta flags included', async () => {
    const { app } = startAuthorizer();
    const version = '2024-06-20; issuing_beta=v1';
    const response = await post(app, { ...requestEvent(), api_version: version });
    expect(response.headers['stripe-version']).toBe(version);
  });

  it('is a decline when deciding throws, and that is counted', async () => {
    const failed = startAuthorizer({ decide: () => Promise.reject(new Error('a bug')) });
    const response = await post(failed.app, requestEvent());
    expect(response.statusCode).toBe(200);
    expect(response.headers['stripe-version']).toBe('2026-10-28.endive');
    expect(response.json()).toEqual({
      approved: false,
      metadata: { evt_request: 'INTERNAL_ERROR' },
    });
    const { body } = await failed.app.inject('/metrics');
    expect(body).toMatch(/issuing_decisions_total\{.*reason="INTERNAL_ERROR".*\} 1/);
    expect(body).toMatch(/issuing_decision_fallbacks_total\{.*reason="INTERNAL_ERROR".*\} 1/);
    expect(body).toMatch(/issuing_decision_seconds_count\{.*source="fallback".*\} 1/);
    expect(failed.answers).toMatchObject([{ reason: 'INTERNAL_ERROR', decisionId: null }]);
  });

  it('is a decline whatever breaks after the signature was checked', async () => {
    let looks = 0;
    const nowMs = (): number => {
      looks += 1;
      if (looks > 1) throw new Error('a bug');
      return 1_800_000_000_000;
    };
    const { app } = startAuthorizer({ clock: { nowMs } });
    const response = await post(app, requestEvent());
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      approved: false,
      metadata: { evt_request: 'INTERNAL_ERROR' },
    });
  });

  it('stays as it was given when keeping it fails', async () => {
    const add = (): never => {
      throw new Error('a bug');
    };
    const { app, log } = startAuthorizer({ answers: { add } });
    expect((await post(app, requestEvent())).json()).toMatchObject({ approved: true });
    expect(log.join('')).toContain('an answer was given, but not recorded');
  });
});

describe('a request that cannot be decided on', () => {
  it('is asked about all the same, so that its decline is recorded', async () => {
    const { app, asked } = startAuthorizer({ decide: () => Promise.resolve(declined) });
    const response = await post(app, requestEvent({ pending_request: null }));
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ approved: false });
    expect(asked).toMatchObject([
      { kind: 'unreadable', requestId: 'evt_request', problem: 'pending_request is missing' },
    ]);
  });

  it.each([
    ['is missing', undefined],
    ['is no text', 7],
    ['is no id', 'not an id'],
    ['is empty', ''],
    ['is endless', 'evt_'.padEnd(100_000, 'x')],
  ])('is declined and counted, but not recorded, when its id %s', async (_when, id) => {
    const { app, asked, answers } = startAuthorizer();
    const response = await post(app, { ...requestEvent(), id });
    expect(response.statusCode).toBe(200);
    expect(response.headers['stripe-version']).toBe('2026-10-28.endive');
    expect(response.json()).toEqual({
      approved: false,
      metadata: { authorizer: 'REQUEST_UNREADABLE' },
    });
    expect([asked, answers]).toEqual([[], []]);
    const { body } = await app.inject('/metrics');
    expect(body).toMatch(/issuing_decision_requests_refused_total\{.*cause="no_id".*\} 1/);
  });
});

describe('what is refused', () => {
  const old = Math.floor(Date.now() / 1000) - 301;

  it.each([
    ['a wrong signature', requestEvent(), { secret: 'whsec_other' }],
    ['an old signature', requestEvent(), { timestamp: old }],
    ['the secret of another account', requestEvent(), { secret: CONNECTED_SECRET }],
    ['an account that has no secret', requestEvent({}, 'acct_2'), { secret: CONNECTED_SECRET }],
    ['our own name as an account', requestEvent({}, 'platform'), {}],
    ['an account that is no text', { ...requestEvent(), account: 7 }, {}],
    ['another event type', event('issuing_card.updated', { id: 'ic_1' }), {}],
    ['no event', {}, {}],
    ['a list', [requestEvent()], {}],
    ['null', null, {}],
    ['no JSON', '{"type":', {}],
    ['nothing', '', {}],
    ['a thin event', { ...requestEvent(), object: 'v2.core.event' }, {}],
  ])('%s gets 400 and no decision', async (_what, body, signing) => {
    const { app, asked, answers } = startAuthorizer();
    const response = await post(app, body, signing);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error: { code: 'REQUEST_REFUSED', message: expect.stringContaining('Nothing was decided.') },
    });
    expect([asked, answers]).toEqual([[], []]);
  });

  it('a body without a signature', async () => {
    const { app } = startAuthorizer();
    const url = '/webhooks/stripe/authorizations';
    const response = await app.inject({ method: 'POST', url, payload: requestEvent() });
    expect(response.statusCode).toBe(400);
    expect(messageOf(response)).toContain('Stripe-Signature');
  });

  it('but not a request that the secret of its connected account has signed', async () => {
    const { app, asked } = startAuthorizer();
    const response = await post(app, requestEvent({}, CONNECTED_ACCOUNT), {
      secret: CONNECTED_SECRET,
    });
    expect(response.statusCode).toBe(200);
    expect(asked).toMatchObject([{ stripeAccount: CONNECTED_ACCOUNT }]);
  });

  it('another event type, with the place where it belongs', async () => {
    const { app } = startAuthorizer();
    const response = await post(app, event('issuing_authorization.created', { id: 'iauth_1' }));
    expect(messageOf(response)).toContain('belong to the ingress, at /webhooks/stripe');
  });

  it('each in one shape', async () => {
    const { app } = startAuthorizer();
    const tooLarge = await post(app, { text: 'x'.repeat(1_048_577) });
    expect(tooLarge.statusCode).toBe(413);
    expect(tooLarge.json()).toEqual({
      error: { code: 'BODY_TOO_LARGE', message: expect.any(String) },
    });
    for (const url of ['/nothing', '/webhooks/stripe/authorizations']) {
      const unknown = await app.inject(url);
      expect(unknown.statusCode).toBe(404);
      expect(unknown.json()).toEqual({ error: { code: 'NOT_FOUND', message: expect.any(String) } });
    }
    const odd = await app.inject('/%zz');
    expect(odd.statusCode).toBe(400);
    expect(odd.json()).toMatchObject({ error: { code: 'REQUEST_REFUSED' } });
  });
});

describe('what is kept of an answer', () => {
  it('is when it left and how long each step took, after it left', async () => {
    const { app, answers } = startAuthorizer();
    await post(app, requestEvent({}, CONNECTED_ACCOUNT), { secret: CONNECTED_SECRET });
    expect(answers).toEqual([
      {
        requestId: 'evt_request',
        stripeAccount: CONNECTED_ACCOUNT,
        decisionId: 'dec_1',
        approved: true,
        reason: 'APPROVED',
        timings: { databaseMs: 6, answeredMs: 2 },
        answeredAt: '2027-01-15T08:00:00.002Z',
      },
    ]);
  });

  it('is a line in the log with ids and times, and nothing of the person or the purchase', async () => {
    const { app, log } = startAuthorizer();
    const personal = {
      card: {
        id: 'ic_1',
        last4: '4242',
        number: '4242424242424242',
        cardholder: { name: 'Jenny Rosen', email: 'jenny@example.com' },
      },
      merchant_data: { name: 'Dr. Secret, Clinic', category: 'doctors', network_id: '998877' },
      verification_data: { postal_code: '94107' },
      pending_request: { amount: 31_415, currency: 'usd', merchant_currency: 'eur' },
    };
    await post(app, requestEvent(personal));
    await post(app, requestEvent({ ...personal, pending_request: { amount: 'Jenny' } }));
    const [line, unreadable] = log.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(line).toMatchObject({
      msg: 'decided',
      requestId: 'evt_request',
      authorizationId: 'iauth_1',
      decisionId: 'dec_1',
      approved: true,
      reason: 'APPROVED',
      verifiedMs: 1,
      profileMs: 2,
      databaseMs: 6,
      tookMs: 2,
    });
    expect(unreadable).toMatchObject({ problem: 'pending_request.amount is not a whole number' });
    const told = ['4242', 'Jenny', 'jenny', 'Secret', 'doctors', '998877', '94107', '31415', 'eur'];
    expect(told.filter((text) => log.join('').includes(text))).toEqual([]);
  });

  it('is a span with its steps', async () => {
    const { app, spans } = startAuthorizer();
    const headers = { traceparent: 'from the caller' };
    await post(app, requestEvent(), { headers });
    const startMs = 1_800_000_000_000;
    expect(spans).toEqual([
      {
        name: 'authorization request',
        startMs,
        endMs: startMs + 2,
        traceparent: 'from the caller',
        failure: undefined,
        attributes: {
          'issuing.request_id': 'evt_request',
          'issuing.authorization_id': 'iauth_1',
          'issuing.decision_id': 'dec_1',
          'issuing.approved': true,
          'issuing.reason': 'APPROVED',
        },
        children: [
          { name: 'verify', startMs, endMs: startMs + 1 },
          { name: 'profile', startMs: startMs + 1, endMs: startMs + 2 },
          { name: 'database', startMs: startMs + 2, endMs: startMs + 6 },
        ],
      },
    ]);
  });

  it('is a failed span where Postgres had no part in it', async () => {
    const decide = () =>
      Promise.resolve(
        approved({
          approved: false,
          reason: 'OVERLOADED',
          decisionId: null,
          profileMs: 1,
          databaseMs: null,
        }),
      );
    const { app, spans } = startAuthorizer({ decide });
    await post(app, requestEvent());
    expect(spans).toMatchObject([{ failure: 'OVERLOADED' }]);
    expect(spans[0]?.children.map(({ name }) => name)).toEqual(['verify', 'profile']);
  });
});

describe('readiness', () => {
  it('means that Postgres decides', async () => {
    const { app } = startAuthorizer();
    const response = await app.inject('/readyz');
    expect([response.statusCode, response.json()]).toEqual([200, { ready: true }]);
  });

  it('is missing while Postgres refuses, with a reason that tells nothing of it', async () => {
    const { app, log } = startAuthorizer({
      probe: () => Promise.reject(new Error('no such host: db.internal')),
    });
    const response = await app.inject('/readyz');
    expect([response.statusCode, response.json()]).toEqual([
      503,
      { ready: false, reason: 'Postgres cannot decide.' },
    ]);
    expect(log.join('')).toContain('db.internal');
  });

  it('is missing, and soon said so, while Postgres is silent, and asks it one question at a time', async () => {
    let probes = 0;
    const probe = (): Promise<void> => {
      probes += 1;
      return new Promise(() => {});
    };
    const { app } = startAuthorizer({ probe });
    const responses = await Promise.all([app.inject('/readyz'), app.inject('/readyz')]);
    expect(responses.map((response) => response.statusCode)).toEqual([503, 503]);
    expect(responses[0]?.json()).toEqual({
      ready: false,
      reason: 'Postgres did not decide within 350 ms.',
    });
    expect(probes).toBe(1);
    await app.inject('/readyz');
    expect(probes).toBe(2);
  });

  it('comes back with Postgres', async () => {
    let isAway = true;
    const probe = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve());
    const { app } = startAuthorizer({ probe });
    expect((await app.inject('/readyz')).statusCode).toBe(503);
    isAway = false;
    expect((await app.inject('/readyz')).statusCode).toBe(200);
  });
});
