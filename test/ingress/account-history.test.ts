/** Balances of past moments, entries and statements through the API. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createIssuingClient, type IssuingClient } from '../../src/client/index.ts';
import { accountCommands } from './account-commands.ts';
import { API_KEY, ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
const { newAccount, command, network } = accountCommands(ingress);
let client: IssuingClient;
beforeAll(async () => {
  const baseUrl = await ingress.app.listen({ host: '127.0.0.1', port: 0 });
  client = createIssuingClient({ baseUrl, apiKey: API_KEY });
});

const PERIOD = { from: '2020-01-01T00:00:00Z', to: '2999-01-01T00:00:00Z' };
const query = (of: Record<string, string | number>) =>
  Object.entries(of)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

describe('the balance of a past moment', () => {
  it('is that after each command, at the time that its answer names', async () => {
    const id = await newAccount();
    const first = await command(id, 'credits', { amountMinor: 900 });
    const second = await command(id, 'debits', { amountMinor: 300 });
    for (const [{ body }, availableMinor] of [
      [first, 900],
      [second, 600],
    ] as const) {
      const at = String(body['postedAt']);
      const balance = await client.accounts.balanceAt(id, at);
      expect(balance).toEqual({
        accountId: id,
        currency: 'usd',
        at,
        availableMinor,
        heldMinor: 0,
        postedAt: at,
      });
    }
    expect(await client.accounts.balanceAt(id, '2020-01-01T00:00:00Z')).toMatchObject({
      at: '2020-01-01T00:00:00.000000Z',
      availableMinor: 0,
      postedAt: null,
    });
  });

  it.each([
    '',
    'at=',
    'at=yesterday',
    'at=2026-11-01',
    'at=2026-11-01T00:00:00',
    'at=2026-02-30T00:00:00Z',
    'at=2026-11-01T24:00:00Z',
    'at=2026-11-01T00:00:60Z',
    'at=0000-01-01T00:00:00Z',
    'at=2026-11-01T00:00:00.1234567Z',
  ])('is refused for the query %j', async (text) => {
    const id = await newAccount();
    const answer = await ingress.get(`/v1/accounts/${id}/balance?${text}`);
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 VALIDATION_FAILED');
    expect(answer.body.error?.details).toMatchObject({ fields: [{ in: 'query', path: 'at' }] });
  });
});

describe('the entries of an account', () => {
  it('are listed newest first by cursor, with what they are about', async () => {
    const [id, other] = [await newAccount({ fundsMinor: 100 }), await newAccount()];
    const moved = await command(id, 'transfers', {
      toAccountId: other,
      amountMinor: 40,
      externalRef: 'rent',
    });
    const back = await command(id, `entries/${String(moved.body['entryId'])}/reverse`);
    const first = await client.accounts.entries(id, { limit: 2 });
    expect(first.data).toMatchObject([
      {
        entryId: back.body['entryId'],
        seq: 3,
        kind: 'correction',
        availableChangeMinor: 40,
        heldChangeMinor: 0,
        availableMinor: 100,
        heldMinor: 0,
        correctsEntryId: moved.body['entryId'],
        counterAccountId: other,
        externalRef: null,
      },
      {
        entryId: moved.body['entryId'],
        seq: 2,
        kind: 'transfer',
        availableChangeMinor: -40,
        postedAt: moved.body['postedAt'],
        externalRef: 'rent',
        authorizationId: null,
        transactionId: null,
        decisionId: null,
      },
    ]);
    const rest = await client.accounts.entries(id, { limit: 2, after: first.nextCursor ?? '' });
    expect(rest).toMatchObject({ data: [{ seq: 1, kind: 'credit' }], nextCursor: null });
  });

  it.each(['acc_1', '-1', '1.5', '0', '9'.repeat(20)])('are refused after %s', async (after) => {
    const id = await newAccount({ fundsMinor: 1 });
    const answer = await ingress.get(`/v1/accounts/${id}/entries?after=${after}`);
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 CURSOR_INVALID');
  });
});

describe('a statement', () => {
  it('adds up over all its pages', async () => {
    const [id, other] = [await newAccount({ fundsMinor: 1_000 }), await newAccount()];
    await command(id, 'debits', { amountMinor: 100 });
    await command(id, 'transfers', { amountMinor: 200, toAccountId: other });
    await network(id, -50, 'Bakery');
    await network(id, 20, 'Bakery');
    const first = await client.accounts.statement(id, { ...PERIOD, limit: 3 });
    expect(first).toMatchObject({
      accountId: id,
      currency: 'usd',
      from: '2020-01-01T00:00:00.000000Z',
      to: '2999-01-01T00:00:00.000000Z',
      final: false,
      opening: { balanceMinor: 0, availableMinor: 0, heldMinor: 0 },
      closing: { balanceMinor: 670, availableMinor: 670, heldMinor: 0 },
      nextCursor: '3',
    });
    const rest = await client.accounts.statement(id, { ...PERIOD, after: '3' });
    expect(rest.nextCursor).toBeNull();
    expect(
      [...first.lines, ...rest.lines].map((l) => [
        l.kind,
        l.amountMinor,
        l.balanceMinor,
        l.merchant,
      ]),
    ).toEqual([
      ['credit', 1_000, 1_000, null],
      ['debit', -100, 900, null],
      ['transfer', -200, 700, null],
      ['capture', -50, 650, 'Bakery'],
      ['refund', 20, 670, 'Bakery'],
    ]);
    const cut = String(first.lines[1]?.postedAt);
    const early = await client.accounts.statement(id, { from: PERIOD.from, to: cut });
    const late = await client.accounts.statement(id, { from: cut, to: PERIOD.to });
    expect(early.closing).toEqual(late.opening);
    expect([early.lines.length, late.lines.length]).toEqual([1, 4]);
  });

  it.each([
    [{ from: PERIOD.from }, 'to'],
    [{ from: PERIOD.to, to: PERIOD.from }, 'to'],
    [{ from: PERIOD.from, to: PERIOD.from }, 'to'],
    [{ from: '2026-11-01T00:00:00.000001Z', to: '2026-11-01T00:00:00Z' }, 'to'],
    [{ ...PERIOD, from: '2026-02-30T00:00:00Z' }, 'from'],
    [{ ...PERIOD, limit: 501 }, 'limit'],
    [{ ...PERIOD, format: 'pdf' }, 'format'],
    [{ ...PERIOD, format: 'csv', limit: 5 }, 'format'],
    [{ ...PERIOD, format: 'csv', after: '1' }, 'format'],
  ])('is refused for %j', async (of, path) => {
    const id = await newAccount();
    const answer = await ingress.get(`/v1/accounts/${id}/statement?${query(of)}`);
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 VALIDATION_FAILED');
    expect(answer.body.error?.details).toMatchObject({ fields: [{ in: 'query', path }] });
  });

  it('is refused with a cursor of another place', async () => {
    const id = await newAccount({ fundsMinor: 5 });
    const answer = await ingress.get(
      `/v1/accounts/${id}/statement?${query({ ...PERIOD, after: 2 })}`,
    );
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 CURSOR_INVALID');
  });
});

describe('a statement as CSV', () => {
  const cells = (row: string | undefined) => row?.split(',').slice(2, 9);

  it('is a file whose rows lead from the opening to the closing balance', async () => {
    const id = await newAccount({ fundsMinor: 1_000 });
    await command(id, 'debits', { amountMinor: 250, externalRef: 'payout, "urgent"' });
    const url = `/v1/accounts/${id}/statement?${query({ ...PERIOD, format: 'csv' })}`;
    const answer = await ingress.get(url);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="statement-${id}-2020-01-01-2999-01-01.csv"`,
    );
    const text = await client.accounts.statementCsv(id, PERIOD);
    const [header, ...rows] = text.trimEnd().split('\r\n');
    expect(header).toMatch(/^postedAt,effectiveAt,kind,entryId,currency,amount,balance,/);
    const debit = (await client.accounts.entries(id)).data[0];
    expect(rows.map(cells)).toEqual([
      ['opening', '', 'usd', '', '0.00', '', '0'],
      ['credit', expect.any(String), 'usd', '10.00', '10.00', '1000', '1000'],
      ['debit', debit?.entryId, 'usd', '-2.50', '7.50', '-250', '750'],
      ['closing', '', 'usd', '', '7.50', '', '750'],
    ]);
    expect(rows[2]).toContain(',"payout, ""urgent""",');
  });

  it.each([
    ['jpy', ['-250', '750', '-250', '750']],
    ['kwd', ['-0.250', '0.750', '-250', '750']],
  ])('has as many decimals as %s', async (currency, amounts) => {
    const id = await newAccount({ currency, fundsMinor: 1_000 });
    await command(id, 'debits', { amountMinor: 250 });
    const rows = (await client.accounts.statementCsv(id, PERIOD)).split('\r\n');
    expect(cells(rows[3])?.slice(3)).toEqual(amounts);
  });

  it.each([
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['  =1', `"'  =1"`],
    ['\uff1d1+1', `"'\uff1d1+1"`],
    ['a\r\n=1', '"a\r\n=1"'],
    ['Caf\u00e9; =1', '"Caf\u00e9; =1"'],
    ['Shop', '"Shop"'],
  ])('makes no formula of the merchant %j', async (merchant, cell) => {
    const id = await newAccount({ fundsMinor: 10 });
    await network(id, -1, merchant);
    const text = await client.accounts.statementCsv(id, PERIOD);
    expect(text).toContain(`,-1,9,${cell},`);
  });
});
