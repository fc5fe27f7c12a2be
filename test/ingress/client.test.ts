import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { onboard } from '../../examples/onboard-a-customer.ts';
import {
  createIssuingClient,
  IssuingApiError,
  type IssuingClient,
} from '../../src/client/index.ts';
import { API_KEY, ingressUnderTest } from './ingress-under-test.ts';
import { cardIn, newCardholder, newCustomer, platformTenant } from './program.ts';

const ingress = ingressUnderTest();
let baseUrl = '';
let client: IssuingClient;
beforeAll(async () => {
  await platformTenant(ingress);
  baseUrl = await ingress.app.listen({ host: '127.0.0.1', port: 0 });
  client = createIssuingClient({ baseUrl, apiKey: API_KEY });
});

/** A fetch that fails with each of the given faults once, and then passes through. */
function faulty(...faults: ('network' | 'lost answer' | number)[]) {
  const keys: (string | null)[] = [];
  const faultyFetch: typeof fetch = async (input, init) => {
    keys.push(new Headers(init?.headers).get('idempotency-key'));
    const fault = faults.shift();
    if (fault === 'network') throw new TypeError('fetch failed');
    if (typeof fault === 'number') return new Response('gateway', { status: fault });
    const response = await fetch(input, init);
    if (fault === 'lost answer') throw new TypeError('connection reset');
    return response;
  };
  return { fetch: faultyFetch, keys };
}

describe('the example', () => {
  const { customerRef: _, ...holder } = newCardholder();
  const application = (customerRef: string) => ({
    customerRef,
    currency: 'usd',
    firstDepositMinor: 50_000,
    holder: { ...holder, type: 'individual' as const },
  });

  it('onboards a customer', async () => {
    const card = await onboard(client, application(randomUUID()));
    expect(card).toMatchObject({ type: 'virtual', phase: 'kyc', workflowStarted: true });
    const account = await client.accounts.get(card.accountId);
    expect(account.availableMinor).toBe(50_000);
  });

  it('makes nothing twice when it is run again', async () => {
    const customerRef = randomUUID();
    const first = await onboard(client, application(customerRef));
    const second = await onboard(client, application(customerRef));
    expect(second.id).toBe(first.id);
    expect((await client.accounts.list({ customerRef })).data).toHaveLength(1);
    expect((await client.accounts.get(first.accountId)).availableMinor).toBe(50_000);
  });

  it('takes the cardholder whom the customer has already', async () => {
    const customerRef = randomUUID();
    const cardholder = await client.cardholders.create({
      ...application(customerRef).holder,
      customerRef,
    });
    const card = await onboard(client, application(customerRef));
    expect(card.cardholderId).toBe(cardholder.id);
  });
});

describe('the client', () => {
  it('throws a typed error with code, details and the id of the request', async () => {
    const error = await client.cards.get('card_none').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(IssuingApiError);
    expect(error).toMatchObject({ status: 404, code: 'CARD_NOT_FOUND' });
    expect((error as IssuingApiError).requestId).toMatch(/^[0-9a-f-]{36}$/);
    const { accountId } = await newCustomer(ingress);
    const refused = client.accounts.credit(accountId, { amountMinor: -1 });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      code: 'VALIDATION_FAILED',
      details: { fields: [{ path: 'amountMinor' }] },
    });
  });

  it('repeats a call with the same key when the network or a gateway fails', async () => {
    const { accountId } = await newCustomer(ingress);
    const { fetch, keys } = faulty('lost answer', 503);
    const shaky = createIssuingClient({ baseUrl, apiKey: API_KEY, fetch });
    const credit = await shaky.accounts.credit(accountId, { amountMinor: 300 });
    expect(credit.availableMinor).toBe(300);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect((await client.accounts.get(accountId)).availableMinor).toBe(300);
  });

  it('gives up after its tries, and does not repeat a refusal', async () => {
    const broken = faulty('network', 'network', 'network', 'network');
    const options = { baseUrl, apiKey: API_KEY, attempts: 2 };
    const call = createIssuingClient({ ...options, fetch: broken.fetch }).tenants.list();
    await expect(call).rejects.toMatchObject({ status: 0, code: 'NETWORK_ERROR' });
    expect(broken.keys).toHaveLength(2);
    const refusing = faulty();
    const refused = createIssuingClient({ ...options, fetch: refusing.fetch, apiKey: 'wrong' });
    await expect(refused.tenants.list()).rejects.toMatchObject({ status: 401 });
    expect(refusing.keys).toHaveLength(1);
  });

  it('ends at once when the caller aborts', async () => {
    const { fetch, keys } = faulty('network', 'network');
    const shaky = createIssuingClient({ baseUrl, apiKey: API_KEY, fetch });
    const signal = AbortSignal.abort();
    await expect(shaky.tenants.list({}, { signal })).rejects.toBeInstanceOf(IssuingApiError);
    expect(keys).toHaveLength(1);
  });

  it('takes a key of the caller', async () => {
    const { accountId } = await newCustomer(ingress);
    const options = { idempotencyKey: randomUUID() };
    const first = await client.accounts.credit(accountId, { amountMinor: 5 }, options);
    expect(await client.accounts.credit(accountId, { amountMinor: 5 }, options)).toEqual(first);
  });

  it('reaches every operation that the document describes under /v1', async () => {
    const used = new Set<string>();
    const recording: typeof fetch = async (input, init) => {
      const path = new URL(input instanceof Request ? input.url : input).pathname
        .replace(/\/(?:card|acc|chr|ten|dec|iauth|ipi|att|evt)_[^/]*/, '/{id}')
        .replace(/\/entries\/\d+/, '/entries/{entryId}');
      used.add(`${init?.method?.toLowerCase()} ${path}`);
      return fetch(input, init);
    };
    const all = createIssuingClient({ baseUrl, apiKey: API_KEY, fetch: recording });
    const id = 'card_none';
    const account = 'acc_none';
    const period = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
    const address = { line1: 'a', city: 'b', postalCode: 'c', country: 'US' };
    await Promise.allSettled([
      all.tenants.create({ name: 'x' }),
      all.tenants.list(),
      all.tenants.get('ten_none'),
      all.tenants.change('ten_none', { fxMarginBp: 100 }),
      all.tenants.controls('ten_none'),
      all.tenants.setControls('ten_none', {}),
      all.accounts.create({ customerRef: 'x', currency: 'usd' }),
      all.accounts.get(account),
      all.accounts.list(),
      all.accounts.change(account, { allowPartial: true }),
      all.accounts.controls(account),
      all.accounts.setControls(account, {}),
      all.accounts.freeze(account),
      all.accounts.unfreeze(account),
      all.accounts.close(account),
      all.accounts.reopen(account),
      all.accounts.credit(account, { amountMinor: 1 }),
      all.accounts.debit(account, { amountMinor: 1 }),
      all.accounts.transfer(account, { amountMinor: 1, toAccountId: 'acc_other' }),
      all.accounts.reverse(account, '1'),
      all.accounts.balanceAt(account, '2026-11-01T00:00:00Z'),
      all.accounts.entries(account),
      all.accounts.statement(account, period),
      all.cardholders.create({ customerRef: 'x', type: 'company', name: 'X', billing: address }),
      all.cardholders.get('chr_none'),
      all.cardholders.change('chr_none', {}),
      all.cardholders.list(),
      all.cardholders.decideKyc('chr_none', { approved: true, reason: 'r' }),
      all.cards.request({ cardholderId: 'chr_none', accountId: 'acc_none', type: 'virtual' }),
      all.cards.get(id),
      all.cards.list(),
      all.cards.decideKyc(id, { approved: true, reason: 'r' }),
      all.cards.retryKyc(id),
      all.cards.retryIssuance(id),
      all.cards.correctShipping(id, { name: 'n', ...address }),
      all.cards.confirmDelivery(id, { last4: '0000' }),
      all.cards.freeze(id, {}),
      all.cards.unfreeze(id),
      all.cards.cancel(id, {}),
      all.cards.replace(id, { reason: 'lost' }),
      all.cards.controls(id),
      all.cards.setControls(id, {}),
      all.cards.timeline(id),
      all.cards.decisions(id),
      all.decisions.get('dec_none'),
      all.authorizations.get('iauth_none'),
      all.authorizations.list({ cardId: 'card_none' }),
      all.transactions.get('ipi_none'),
      all.transactions.list(),
      all.attention.list(),
      all.attention.resolve('att_none', { reason: 'r', by: 'b' }),
      all.events.list(),
      all.events.get('evt_none'),
      all.events.replay('evt_none'),
      all.auditLog.list(),
      all.ledger.trialBalance(),
      all.inbox.summary(),
      all.completeness.list({}),
      all.changes.read(),
    ]);
    const document = (await ingress.get('/openapi.json')).body as unknown as {
      paths: Record<string, Record<string, unknown>>;
    };
    const described = Object.entries(document.paths)
      .filter(([path]) => path.startsWith('/v1/'))
      .flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`));
    expect([...used].toSorted()).toEqual(described.toSorted());
  });

  it('commands a card', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    expect(await client.cards.freeze(cardId, { reason: 'r' })).toMatchObject({ frozen: true });
    expect(await client.cards.unfreeze(cardId)).toMatchObject({ frozen: false });
    const timeline = await client.cards.timeline(cardId, { limit: 1 });
    expect(timeline.data[0]?.kind).toBe('unfrozen');
    const canceled = await client.cards.cancel(cardId, { reason: 'lost' });
    expect(canceled.cancelRequested?.reason).toBe('lost');
  });
});
