import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ingressUnderTest } from './ingress-under-test.ts';
import { BILLING, cardIn, newCardholder, newCustomer, platformTenant } from './program.ts';

const ingress = ingressUnderTest();
let tenantId = '';
beforeEach(async () => {
  tenantId = await platformTenant(ingress);
  ingress.workflows.mode = 'up';
});

const connectedTenant = async (): Promise<string> => {
  const stripeAccount = `acct_${randomUUID().replaceAll('-', '')}`;
  const made = await ingress.post('/v1/tenants', { name: 'Connected', stripeAccount });
  return String(made.body.id);
};

describe('tenants', () => {
  it('registers a connected account once', async () => {
    const body = { name: 'Northwind', stripeAccount: 'acct_Northwind' };
    const first = await ingress.post('/v1/tenants', body);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ name: 'Northwind', stripeAccount: 'acct_Northwind' });
    const second = await ingress.post('/v1/tenants', body);
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({
      code: 'TENANT_EXISTS',
      details: { tenantId: first.body.id },
    });
  });

  it('registers the platform once', async () => {
    const again = await ingress.post('/v1/tenants', { name: 'Another platform' });
    expect(again.body.error?.details).toEqual({ tenantId });
  });

  it('lists tenants page by page, newest first', async () => {
    const newest = await connectedTenant();
    const first = await ingress.get('/v1/tenants?limit=1');
    expect(first.body.data?.map((t) => t.id)).toEqual([newest]);
    const rest = await ingress.get(
      `/v1/tenants?limit=100&after=${String(first.body['nextCursor'])}`,
    );
    expect(rest.body.data?.map((t) => t.id)).toContain(tenantId);
    expect(rest.body.data?.map((t) => t.id)).not.toContain(newest);
    expect(rest.body['nextCursor']).toBeNull();
  });
});

describe('the settings of a tenant', () => {
  const versionOf = async (id: string): Promise<unknown> =>
    (await ingress.sql`select version from tenants where tenant_id = ${id}`)[0]?.['version'];

  it('are shown, and changed one by one or together', async () => {
    const id = await connectedTenant();
    const url = `/v1/tenants/${id}`;
    const made = await ingress.get(url);
    expect(made.body).toMatchObject({ id, fxMarginBp: 300, fuelHoldMinor: 10_000 });
    const margin = await ingress.post(url, { fxMarginBp: 0 });
    expect(margin.status).toBe(200);
    expect(margin.body).toEqual({ ...made.body, fxMarginBp: 0 });
    const all = { name: 'Renamed', fxMarginBp: 10_000, fuelHoldMinor: 100_000_000 };
    expect((await ingress.post(url, all)).body).toEqual({ ...made.body, ...all });
    expect((await ingress.get(url)).body).toEqual({ ...made.body, ...all });
    const listed = await ingress.get('/v1/tenants?limit=1');
    expect(listed.body.data).toEqual([{ ...made.body, ...all }]);
  });

  it('get a new version when decisions read what differs', async () => {
    const id = await connectedTenant();
    const first = Number(await versionOf(id));
    for (const same of [{ name: 'Renamed' }, { fxMarginBp: 300, fuelHoldMinor: 10_000 }]) {
      await ingress.post(`/v1/tenants/${id}`, same);
      expect(await versionOf(id)).toBe(first);
    }
    await ingress.post(`/v1/tenants/${id}`, { fxMarginBp: 301 });
    expect(await versionOf(id)).toBe(first + 1);
    await ingress.post(`/v1/tenants/${id}`, { fuelHoldMinor: 100 });
    expect(await versionOf(id)).toBe(first + 2);
  });

  it.each([
    {},
    { name: '' },
    { fxMarginBp: -1 },
    { fxMarginBp: 10_001 },
    { fxMarginBp: 1.5 },
    { fuelHoldMinor: 99 },
    { fuelHoldMinor: 100_000_001 },
    { stripeAccount: 'acct_other' },
  ])('are not changed by %j', async (body) => {
    const before = await ingress.get(`/v1/tenants/${tenantId}`);
    const answer = await ingress.post(`/v1/tenants/${tenantId}`, body);
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 VALIDATION_FAILED');
    expect(await ingress.get(`/v1/tenants/${tenantId}`)).toMatchObject({ body: before.body });
  });

  it('of an unknown tenant are not found', async () => {
    for (const id of [`ten_${'0'.repeat(32)}`, 'platform']) {
      for (const answer of [
        await ingress.get(`/v1/tenants/${id}`),
        await ingress.post(`/v1/tenants/${id}`, { fxMarginBp: 1 }),
      ]) {
        expect(`${answer.status} ${answer.body.error?.code}`).toBe('404 TENANT_NOT_FOUND');
      }
    }
  });
});

describe('accounts', () => {
  it('opens an account with zero balances', async () => {
    const customerRef = randomUUID();
    const made = await ingress.post('/v1/accounts', {
      tenantId,
      customerRef,
      currency: 'usd',
      creditLimitMinor: 5_000,
      allowPartial: true,
    });
    expect(made.status).toBe(201);
    const expected = {
      tenantId,
      customerRef,
      currency: 'usd',
      status: 'open',
      creditLimitMinor: 5_000,
      allowPartial: true,
      availableMinor: 0,
      heldMinor: 0,
    };
    expect(made.body).toMatchObject(expected);
    const read = await ingress.get(`/v1/accounts/${made.body.id}`);
    expect(read.body).toEqual(made.body);
    const listed = await ingress.get(`/v1/accounts?customerRef=${customerRef}`);
    expect(listed.body.data).toEqual([made.body]);
  });

  it('books a credit and shows it in the balance and the trial balance', async () => {
    const { accountId } = await newCustomer(ingress, await connectedTenant());
    const credit = await ingress.post(`/v1/accounts/${accountId}/credits`, {
      amountMinor: 12_500,
      externalRef: 'transfer-1',
    });
    expect(credit.status).toBe(201);
    expect(credit.body).toMatchObject({
      accountId,
      currency: 'usd',
      amountMinor: 12_500,
      externalRef: 'transfer-1',
      availableMinor: 12_500,
    });
    const account = await ingress.get(`/v1/accounts/${accountId}`);
    expect(account.body).toMatchObject({ availableMinor: 12_500, heldMinor: 0 });
    const books = await ingress.get(
      `/v1/ledger/trial-balance?tenantId=${String(account.body['tenantId'])}`,
    );
    expect(books.body.data?.map((row) => [row['kind'], row['balanceMinor']])).toEqual([
      ['available', 12_500],
      ['funding', -12_500],
    ]);
  });

  it('books an external reference once, and refuses it with another amount', async () => {
    const { accountId } = await newCustomer(ingress);
    const url = `/v1/accounts/${accountId}/credits`;
    const first = await ingress.post(url, { amountMinor: 100, externalRef: 'r' });
    await ingress.post(url, { amountMinor: 50 });
    const repeat = await ingress.post(url, { amountMinor: 100, externalRef: 'r' });
    expect(repeat.status).toBe(201);
    expect(repeat.body).toEqual(first.body);
    const other = await ingress.post(url, { amountMinor: 101, externalRef: 'r' });
    expect(other.body.error).toMatchObject({
      code: 'EXTERNAL_REF_REUSED',
      details: { entryId: first.body['entryId'] },
    });
    const account = await ingress.get(`/v1/accounts/${accountId}`);
    expect(account.body['availableMinor']).toBe(150);
  });

  it('refuses credits to a frozen account', async () => {
    const { accountId } = await newCustomer(ingress);
    await ingress.post(`/v1/accounts/${accountId}/freeze`);
    const credit = await ingress.post(`/v1/accounts/${accountId}/credits`, { amountMinor: 1 });
    expect(credit.status).toBe(409);
    expect(credit.body.error).toMatchObject({
      code: 'ACCOUNT_NOT_OPEN',
      details: { status: 'frozen' },
    });
  });

  it('asks for the tenant when there are several', async () => {
    await connectedTenant();
    const made = await ingress.post('/v1/accounts', { customerRef: 'c', currency: 'usd' });
    expect(made.status).toBe(400);
    expect(made.body.error?.code).toBe('TENANT_REQUIRED');
  });

  it('refuses a tenant that does not exist', async () => {
    const body = { tenantId: 'ten_none', customerRef: 'c', currency: 'usd' };
    const made = await ingress.post('/v1/accounts', body);
    expect(made.status).toBe(404);
    expect(made.body.error?.code).toBe('TENANT_NOT_FOUND');
  });
});

describe('cardholders', () => {
  it('registers a person, and shows what was given and the state of KYC', async () => {
    const body = { ...newCardholder(), tenantId };
    const made = await ingress.post('/v1/cardholders', body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      ...body,
      kyc: { status: 'unverified', attempts: 0, sessionId: null, url: null, verifiedAt: null },
      stripeCardholderId: null,
      status: 'active',
    });
    expect((await ingress.get(`/v1/cardholders/${made.body.id}`)).body).toEqual(made.body);
    const listed = await ingress.get(`/v1/cardholders?customerRef=${body.customerRef}`);
    expect(listed.body.data).toEqual([made.body]);
  });

  it('registers a company', async () => {
    const made = await ingress.post('/v1/cardholders', {
      tenantId,
      customerRef: randomUUID(),
      type: 'company',
      name: "O'Neill-Smith Co.",
      billing: BILLING,
      company: { taxId: '123456789' },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ type: 'company', company: { taxId: '123456789' } });
  });

  it('names the cardholder that the customer has already', async () => {
    const body = { ...newCardholder(), tenantId };
    const first = await ingress.post('/v1/cardholders', body);
    const second = await ingress.post('/v1/cardholders', body);
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({
      code: 'CUSTOMER_EXISTS',
      details: { cardholderId: first.body.id },
    });
  });

  it.each([
    ['a digit in the name', { name: 'Ada 2' }, 'name'],
    ['a long name', { name: 'A'.repeat(25) }, 'name'],
    ['a phone number without a plus', { phoneNumber: '4155550123' }, 'phoneNumber'],
    ['a country in words', { billing: { ...BILLING, country: 'USA' } }, 'billing.country'],
    ['an unknown field deep inside', { billing: { ...BILLING, zip: '1' } }, 'billing.zip'],
    ['details of a company', { company: {} }, 'company'],
    [
      'a day that does not exist',
      { individual: { firstName: 'A', lastName: 'B', dob: { day: 30, month: 2, year: 1990 } } },
      'individual.dob',
    ],
  ])('refuses %s', async (_what, change, path) => {
    const made = await ingress.post('/v1/cardholders', { ...newCardholder(), tenantId, ...change });
    expect(made.status).toBe(400);
    expect(made.body.error?.code).toBe('VALIDATION_FAILED');
    expect(made.body.error?.details?.['fields']).toContainEqual(expect.objectContaining({ path }));
  });
});

describe('cards', () => {
  it('writes the row, starts the workflow, and notes that it runs', async () => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    const made = await ingress.post('/v1/cards', { cardholderId, accountId, type: 'virtual' });
    expect(made.status).toBe(202);
    expect(made.body).toMatchObject({
      tenantId,
      cardholderId,
      accountId,
      type: 'virtual',
      currency: 'usd',
      phase: 'kyc',
      frozen: false,
      freezes: {},
      cancelRequested: null,
      stripeCard: null,
      shipping: null,
      workflowId: `card/${made.body.id}`,
      workflowStarted: true,
    });
    expect(ingress.workflows.started).toContain(made.body.id);
    expect((await ingress.get(`/v1/cards/${made.body.id}`)).body).toEqual(made.body);
    const timeline = await ingress.get(`/v1/cards/${made.body.id}/timeline`);
    expect(timeline.body.data).toMatchObject([{ kind: 'card_requested', phase: 'kyc' }]);
  });

  it('sends a physical card to the billing address unless told otherwise', async () => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    const body = { cardholderId, accountId, type: 'physical' };
    const plain = await ingress.post('/v1/cards', body);
    expect(plain.body['shipping']).toEqual({
      name: 'Ada Lovelace',
      service: 'standard',
      ...BILLING,
    });
    const shipping = { name: 'Reception', ...BILLING, line1: '1 Other St', service: 'express' };
    const told = await ingress.post('/v1/cards', { ...body, shipping });
    expect(told.body['shipping']).toEqual(shipping);
  });

  it.each(['down', 'silent'] as const)('is accepted while Temporal is %s', async (mode) => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    ingress.workflows.mode = mode;
    const made = await ingress.post('/v1/cards', { cardholderId, accountId, type: 'virtual' });
    expect(made.status).toBe(202);
    expect(made.body).toMatchObject({ phase: 'kyc', workflowStarted: false });
    const [row] = await ingress.sql`
      select workflow_started_at from cards where card_id = ${String(made.body.id)}`;
    expect(row).toEqual({ workflow_started_at: null });
  });

  it('refuses a shipping address for a virtual card', async () => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    const shipping = { name: 'Ada', ...BILLING };
    const body = { cardholderId, accountId, type: 'virtual', shipping };
    const made = await ingress.post('/v1/cards', body);
    expect(made.body.error?.details).toMatchObject({ fields: [{ path: 'shipping' }] });
  });

  it('refuses holder and account of different tenants', async () => {
    const here = await newCustomer(ingress);
    const there = await newCustomer(ingress, await connectedTenant());
    const made = await ingress.post('/v1/cards', {
      cardholderId: here.cardholderId,
      accountId: there.accountId,
      type: 'virtual',
    });
    expect(made.status).toBe(404);
    expect(made.body.error?.code).toBe('ACCOUNT_NOT_FOUND');
  });

  it('refuses a cardholder who does not exist, and an account that is not open', async () => {
    const { accountId, cardholderId } = await newCustomer(ingress);
    const body = { cardholderId: 'chr_none', accountId, type: 'virtual' };
    expect((await ingress.post('/v1/cards', body)).body.error?.code).toBe('CARDHOLDER_NOT_FOUND');
    await ingress.sql`update accounts set status = 'closed' where account_id = ${accountId}`;
    const closed = await ingress.post('/v1/cards', { ...body, cardholderId });
    expect(closed.status).toBe(409);
    expect(closed.body.error?.code).toBe('ACCOUNT_NOT_OPEN');
  });

  it('lists cards by account, holder and phase, page by page', async () => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    const ids: (string | undefined)[] = [];
    for (const type of ['virtual', 'physical', 'virtual']) {
      ids.unshift((await ingress.post('/v1/cards', { cardholderId, accountId, type })).body.id);
    }
    const url = `/v1/cards?accountId=${accountId}&cardholderId=${cardholderId}&phase=kyc&limit=2`;
    const first = await ingress.get(url);
    expect(first.body.data?.map((c) => c.id)).toEqual(ids.slice(0, 2));
    const second = await ingress.get(`${url}&after=${String(first.body['nextCursor'])}`);
    expect(second.body.data?.map((c) => c.id)).toEqual(ids.slice(2));
    expect(second.body['nextCursor']).toBeNull();
    expect((await ingress.get(`/v1/cards?accountId=${accountId}&phase=active`)).body.data).toEqual(
      [],
    );
  });

  it('shows the current Stripe card', async () => {
    const { cardId, stripeCardId } = await cardIn(ingress, 'awaiting_delivery');
    const card = await ingress.get(`/v1/cards/${cardId}`);
    expect(card.body).toMatchObject({
      phase: 'awaiting_delivery',
      stripeCard: { id: stripeCardId, status: 'inactive', last4: '4242', shippingStatus: null },
    });
  });
});
