/** Money that the API moves: what is booked, what is refused, and that a refusal has written nothing. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { brokenInvariants } from '../support/card-program.ts';
import { accountCommands } from './account-commands.ts';
import { ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
const { newAccount, command, available, refused, network, whileHeld } = accountCommands(ingress);

describe('a debit', () => {
  it.each([
    { currency: 'usd', fundsMinor: 1_250 },
    { currency: 'jpy', fundsMinor: 1_250 },
    { currency: 'kwd', fundsMinor: 1_250 },
  ])('pays out in minor units of $currency', async ({ currency, fundsMinor }) => {
    const id = await newAccount({ currency, fundsMinor });
    const debit = await command(id, 'debits', { amountMinor: 1_000, externalRef: 'payout' });
    expect(debit.status).toBe(201);
    expect(debit.body).toMatchObject({
      kind: 'debit',
      accountId: id,
      counterAccountId: null,
      currency,
      amountMinor: 1_000,
      externalRef: 'payout',
      correctsEntryId: null,
      availableMinor: 250,
    });
    expect(await available(id)).toBe(250);
  });

  it('may use the credit limit, to the last unit and not beyond', async () => {
    const id = await newAccount({ fundsMinor: 100, creditLimitMinor: 50 });
    const details = { accountId: id, availableMinor: 100, creditLimitMinor: 50 };
    await refused(id, 'debits', { amountMinor: 151 }, { code: 'INSUFFICIENT_FUNDS', details });
    expect((await command(id, 'debits', { amountMinor: 150 })).body['availableMinor']).toBe(-50);
    await refused(id, 'debits', { amountMinor: 1 }, { code: 'INSUFFICIENT_FUNDS' });
  });

  it('is refused while the network has overdrawn the account', async () => {
    const id = await newAccount({ fundsMinor: 100 });
    await network(id, -500);
    await refused(id, 'debits', { amountMinor: 1 }, { code: 'INSUFFICIENT_FUNDS' });
  });
});

describe('a transfer', () => {
  it('moves money in one entry, and leaves the cash at the bank as it was', async () => {
    const tenant = String(
      (await ingress.post('/v1/tenants', { name: 'T', stripeAccount: 'acct_moves' })).body.id,
    );
    const [from, to] = [
      await newAccount({ tenant, fundsMinor: 900 }),
      await newAccount({ tenant }),
    ];
    const moved = await command(from, 'transfers', {
      toAccountId: to,
      amountMinor: 400,
      externalRef: 'rent',
    });
    expect(moved.status).toBe(201);
    expect(moved.body).toMatchObject({
      kind: 'transfer',
      accountId: from,
      counterAccountId: to,
      amountMinor: 400,
      availableMinor: 500,
    });
    expect([await available(from), await available(to)]).toEqual([500, 400]);
    const books = await ingress.get(`/v1/ledger/trial-balance?tenantId=${tenant}`);
    expect(books.body.data?.map((row) => [row['kind'], row['balanceMinor']])).toEqual([
      ['available', 900],
      ['funding', -900],
    ]);
    const other = await ingress.get(`/v1/accounts/${to}/entries`);
    expect(other.body.data).toMatchObject([
      { entryId: moved.body['entryId'], availableChangeMinor: 400, counterAccountId: from },
    ]);
  });

  it('is refused to itself, to nobody, to another tenant and into another currency', async () => {
    const from = await newAccount({ fundsMinor: 100 });
    const transfer = (toAccountId: string) => ({ toAccountId, amountMinor: 10 });
    await refused(from, 'transfers', transfer(from), { code: 'SAME_ACCOUNT' });
    await refused(from, 'transfers', transfer('acc_none'), {
      status: 404,
      code: 'ACCOUNT_NOT_FOUND',
      details: { accountId: 'acc_none' },
    });
    const tenant = await ingress.post('/v1/tenants', { name: 'T', stripeAccount: 'acct_other' });
    const foreign = await newAccount({ tenant: String(tenant.body.id) });
    await refused(from, 'transfers', transfer(foreign), { code: 'TENANT_MISMATCH' });
    const euros = await newAccount({ currency: 'eur' });
    await refused(from, 'transfers', transfer(euros), {
      code: 'CURRENCY_MISMATCH',
      details: { from: 'usd', to: 'eur' },
    });
    const poor = await newAccount({ fundsMinor: 9 });
    await refused(poor, 'transfers', transfer(from), { code: 'INSUFFICIENT_FUNDS' });
  });

  it.each(['up', 'down'])('locks the lower id first on its way %s', async (way) => {
    const ids = [await newAccount({ fundsMinor: 10 }), await newAccount({ fundsMinor: 10 })];
    const [low = '', high = ''] = ids.toSorted();
    const [from, to] = way === 'up' ? [low, high] : [high, low];
    const transfer = await whileHeld(
      high,
      () => command(from, 'transfers', { toAccountId: to, amountMinor: 1 }),
      async () => {
        const other = ingress.sql`select 1 from accounts where account_id = ${low} for update nowait`;
        await expect(other).rejects.toThrow(/could not obtain lock/);
      },
    );
    expect(transfer.status).toBe(201);
  });

  it('does not deadlock with transfers the other way', async () => {
    const [a, b] = [
      await newAccount({ fundsMinor: 1_000 }),
      await newAccount({ fundsMinor: 1_000 }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const [from, to] = index % 2 === 0 ? [a, b] : [b, a];
        return command(from, 'transfers', { toAccountId: to, amountMinor: 1 + (index % 5) });
      }),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(Number(await available(a)) + Number(await available(b))).toBe(2_000);
    expect(await brokenInvariants(ingress.sql)).toEqual([]);
  });

  it('never spends the same money twice at the same time', async () => {
    const from = await newAccount({ fundsMinor: 100 });
    const to = await newAccount();
    const transfer = { toAccountId: to, amountMinor: 60 };
    const answers = await Promise.all(
      ['transfers', 'transfers', 'transfers'].map((name) => command(from, name, transfer)),
    );
    expect(answers.map((answer) => String(answer.status)).toSorted()).toEqual([
      '201',
      '409',
      '409',
    ]);
    expect([await available(from), await available(to)]).toEqual([40, 60]);
  });
});

describe('an account that is not open', () => {
  it.each(['freeze', 'close'] as const)('refuses every command after %s', async (end) => {
    const id = await newAccount();
    const other = await newAccount({ fundsMinor: 100 });
    const credit = await command(id, 'credits', { amountMinor: 10 });
    const debit = await command(id, 'debits', { amountMinor: 10 });
    await command(id, end);
    const status = end === 'freeze' ? 'frozen' : 'closed';
    const answer = { code: 'ACCOUNT_NOT_OPEN', details: { accountId: id, status } };
    await refused(id, 'credits', { amountMinor: 5 }, answer);
    await refused(id, 'debits', { amountMinor: 5 }, answer);
    await refused(id, 'transfers', { amountMinor: 5, toAccountId: other }, answer);
    await refused(other, 'transfers', { amountMinor: 5, toAccountId: id }, answer);
    for (const { body } of [credit, debit]) {
      await refused(id, `entries/${String(body['entryId'])}/reverse`, {}, answer);
    }
  });
});

describe('an external reference', () => {
  it('is booked once an account, whatever the command and the key', async () => {
    const id = await newAccount({ fundsMinor: 100 });
    const other = await newAccount();
    const first = await command(id, 'debits', { amountMinor: 10, externalRef: 'r' });
    expect((await command(id, 'debits', { amountMinor: 10, externalRef: 'r' })).body).toEqual(
      first.body,
    );
    const details = { entryId: first.body['entryId'] };
    const reused = { code: 'EXTERNAL_REF_REUSED', details };
    await refused(id, 'debits', { amountMinor: 11, externalRef: 'r' }, reused);
    await refused(id, 'credits', { amountMinor: 10, externalRef: 'r' }, reused);
    await refused(
      id,
      'transfers',
      { amountMinor: 10, externalRef: 'r', toAccountId: other },
      reused,
    );
    // The reference of a transfer belongs to the account that the money leaves.
    const transfer = { amountMinor: 5, externalRef: 'r', toAccountId: id };
    await command(other, 'credits', { amountMinor: 20 });
    expect((await command(other, 'transfers', transfer)).status).toBe(201);
    expect(await available(id)).toBe(95);
  });

  it('of a transfer stands for amount and receiver', async () => {
    const [from, to, third] = [
      await newAccount({ fundsMinor: 100 }),
      await newAccount(),
      await newAccount(),
    ];
    const body = { amountMinor: 30, externalRef: 'x', toAccountId: to };
    const first = await command(from, 'transfers', body);
    expect((await command(from, 'transfers', body)).body).toEqual(first.body);
    const code = 'EXTERNAL_REF_REUSED';
    await refused(from, 'transfers', { ...body, toAccountId: third }, { code });
    await refused(from, 'transfers', { ...body, amountMinor: 31 }, { code });
    expect(await available(to)).toBe(30);
  });

  it('is answered on a frozen account too, because a repeat changes nothing', async () => {
    const id = await newAccount({ fundsMinor: 100 });
    const body = { amountMinor: 10, externalRef: 'r' };
    const first = await command(id, 'debits', body);
    await command(id, 'freeze');
    expect((await command(id, 'debits', body)).body).toEqual(first.body);
  });

  it('that many calls use at once is booked once', async () => {
    const id = await newAccount({ fundsMinor: 1_000 });
    const body = { amountMinor: 10, externalRef: 'at-once' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => command(id, 'debits', body)));
    expect(new Set(answers.map((answer) => answer.body['entryId'])).size).toBe(1);
    expect(await available(id)).toBe(990);
  });
});

describe('a reversal', () => {
  const reverse = (id: string, entryId: unknown, body = {}) =>
    command(id, `entries/${String(entryId)}/reverse`, body);

  it('takes back a credit, a debit and a transfer', async () => {
    const [id, other] = [await newAccount({ fundsMinor: 100 }), await newAccount()];
    const credit = await command(id, 'credits', { amountMinor: 50 });
    const debit = await command(id, 'debits', { amountMinor: 30 });
    const transfer = await command(id, 'transfers', { amountMinor: 20, toAccountId: other });
    const back = await reverse(id, transfer.body['entryId']);
    expect(back.status).toBe(201);
    expect(back.body).toMatchObject({
      kind: 'correction',
      accountId: id,
      counterAccountId: other,
      amountMinor: 20,
      correctsEntryId: transfer.body['entryId'],
      availableMinor: 120,
    });
    expect(await available(other)).toBe(0);
    expect((await reverse(id, debit.body['entryId'])).body['availableMinor']).toBe(150);
    expect((await reverse(id, credit.body['entryId'])).body['availableMinor']).toBe(100);
    expect(await brokenInvariants(ingress.sql)).toEqual([]);
  });

  it('happens once an entry, also at the same time', async () => {
    const id = await newAccount({ fundsMinor: 1_000 });
    const credit = await command(id, 'credits', { amountMinor: 50 });
    const { entryId } = credit.body;
    const answers = await Promise.all(Array.from({ length: 5 }, () => reverse(id, entryId)));
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(4);
    const correction = answers.find((answer) => answer.status === 201)?.body['entryId'];
    await refused(
      id,
      `entries/${String(entryId)}/reverse`,
      {},
      {
        code: 'ALREADY_CORRECTED',
        details: { entryId: correction },
      },
    );
    expect(await available(id)).toBe(1_000);
  });

  it('with a reference of its own is answered again', async () => {
    const id = await newAccount({ fundsMinor: 100 });
    const debit = await command(id, 'debits', { amountMinor: 10, externalRef: 'out' });
    const body = { externalRef: 'returned' };
    const first = await reverse(id, debit.body['entryId'], body);
    expect((await reverse(id, debit.body['entryId'], body)).body).toEqual(first.body);
    const code = 'EXTERNAL_REF_REUSED';
    const path = `entries/${String(debit.body['entryId'])}/reverse`;
    await refused(id, path, { externalRef: 'out' }, { code });
  });

  it('never overdraws', async () => {
    const [id, other] = [await newAccount(), await newAccount()];
    const credit = await command(id, 'credits', { amountMinor: 100 });
    const transfer = await command(id, 'transfers', { amountMinor: 60, toAccountId: other });
    const path = ({ body }: typeof credit) => `entries/${String(body['entryId'])}/reverse`;
    const code = 'INSUFFICIENT_FUNDS';
    await refused(
      id,
      path(credit),
      {},
      {
        code,
        details: { accountId: id, availableMinor: 40, creditLimitMinor: 0 },
      },
    );
    await command(other, 'debits', { amountMinor: 1 });
    await refused(
      id,
      path(transfer),
      {},
      {
        code,
        details: { accountId: other, availableMinor: 59, creditLimitMinor: 0 },
      },
    );
  });

  it("is refused for the network's entries, for corrections, and from the other end", async () => {
    const [id, other] = [await newAccount({ fundsMinor: 100 }), await newAccount()];
    await network(id, -10);
    const captured = (await ingress.get(`/v1/accounts/${id}/entries`)).body.data?.[0];
    const path = (entryId: unknown) => `entries/${String(entryId)}/reverse`;
    const code = 'NOT_REVERSIBLE';
    await refused(
      id,
      path(captured?.['entryId']),
      {},
      {
        code,
        details: { entryKind: 'capture', accountId: id },
      },
    );
    const transfer = await command(id, 'transfers', { amountMinor: 5, toAccountId: other });
    await refused(
      other,
      path(transfer.body['entryId']),
      {},
      {
        code,
        details: { entryKind: 'transfer', accountId: id },
      },
    );
    const back = await reverse(id, transfer.body['entryId']);
    await refused(id, path(back.body['entryId']), {}, { code });
  });

  it('is refused for what is no entry of the account', async () => {
    const [id, other] = [await newAccount({ fundsMinor: 1 }), await newAccount({ fundsMinor: 1 })];
    const theirs = (await ingress.get(`/v1/accounts/${other}/entries`)).body.data?.[0];
    const missing = { status: 404, code: 'ENTRY_NOT_FOUND' };
    const names = [theirs?.['entryId'], '999999999999', '-1', '1.5', 'x', '9'.repeat(40)];
    for (const name of names) await refused(id, `entries/${String(name)}/reverse`, {}, missing);
    await refused(
      'acc_none',
      'entries/1/reverse',
      {},
      {
        status: 404,
        code: 'ACCOUNT_NOT_FOUND',
      },
    );
  });
});

describe('an amount', () => {
  const ABSURD = [0, -1, 0.5, 1e12 + 1, 2 ** 53, 1e300, '100', null, true, [1], undefined];
  it.each(['credits', 'debits', 'transfers'])('that is none is refused by %s', async (name) => {
    const id = await newAccount({ fundsMinor: 100 });
    const to = name === 'transfers' ? { toAccountId: await newAccount() } : {};
    for (const amountMinor of ABSURD) {
      const body = { ...to, amountMinor };
      await refused(id, name, body, { status: 400, code: 'VALIDATION_FAILED' });
    }
  });

  it('that would lead beyond the exact numbers is refused', async () => {
    const [id, other] = [await newAccount(), await newAccount({ fundsMinor: 10 })];
    await network(id, Number.MAX_SAFE_INTEGER - 5);
    const answer = { code: 'BALANCE_OUT_OF_RANGE', details: { accountId: id } };
    await refused(id, 'credits', { amountMinor: 6 }, answer);
    await refused(other, 'transfers', { amountMinor: 6, toAccountId: id }, answer);
    expect((await command(id, 'credits', { amountMinor: 5 })).status).toBe(201);
    expect(await available(id)).toBe(Number.MAX_SAFE_INTEGER);
    // Nothing can be taken back into it either.
    const debit = await command(id, 'debits', { amountMinor: 5 });
    await command(id, 'credits', { amountMinor: 5 });
    await refused(id, `entries/${String(debit.body['entryId'])}/reverse`, {}, answer);
  });
});

it('a command is answered again by its key, refusals included', async () => {
  const id = await newAccount({ fundsMinor: 100 });
  const key = randomUUID();
  const first = await command(id, 'debits', { amountMinor: 10 }, key);
  const again = await command(id, 'debits', { amountMinor: 10 }, key);
  expect(again.body).toEqual(first.body);
  expect(again.headers['idempotent-replayed']).toBe('true');
  const refusedKey = randomUUID();
  const refusal = await command(id, 'debits', { amountMinor: 500 }, refusedKey);
  await command(id, 'credits', { amountMinor: 500 });
  expect((await command(id, 'debits', { amountMinor: 500 }, refusedKey)).body).toEqual(
    refusal.body,
  );
  expect(await available(id)).toBe(590);
});
