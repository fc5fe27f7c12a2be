/** Status and settings of accounts through the API; a refusal has written nothing. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { accountCommands } from './account-commands.ts';
import { ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
const { newAccount, command, shown, written, refused, network, whileHeld } =
  accountCommands(ingress);

const openItems = async (id: string) => {
  const rows = await ingress.sql<{ kind: string }[]>`
    select kind from attention_items where account_id = ${id} and closed_at is null`;
  return rows.map((row) => row.kind);
};

describe('the status of an account', () => {
  it('is frozen and opened again freely, each time with a new version', async () => {
    const id = await newAccount({ fundsMinor: 500 });
    const version = async () =>
      (await ingress.sql`select version from accounts where account_id = ${id}`)[0]?.['version'];
    const first = Number(await version());
    const frozen = await command(id, 'freeze');
    expect(frozen.status).toBe(200);
    expect(frozen.body).toEqual(await shown(id));
    expect(frozen.body).toMatchObject({ status: 'frozen', availableMinor: 500 });
    expect((await command(id, 'freeze')).body).toEqual(frozen.body);
    expect(await version()).toBe(first + 1);
    expect((await command(id, 'unfreeze')).body['status']).toBe('open');
    expect(await version()).toBe(first + 2);
  });

  it('is closed at 0 only', async () => {
    const id = await newAccount({ fundsMinor: 500, creditLimitMinor: 100 });
    const details = { availableMinor: 500, heldMinor: 0 };
    await refused(id, 'close', {}, { code: 'ACCOUNT_NOT_EMPTY', details });
    await command(id, 'debits', { amountMinor: 550 });
    await refused(id, 'close', {}, { code: 'ACCOUNT_NOT_EMPTY' });
    await command(id, 'credits', { amountMinor: 50 });
    const closed = await command(id, 'close');
    expect(closed.body).toMatchObject({ status: 'closed', creditLimitMinor: 0 });
    expect((await command(id, 'close')).body).toEqual(closed.body);
  });

  it('is closed for good', async () => {
    const id = await newAccount();
    await command(id, 'close');
    const code = 'ACCOUNT_NOT_OPEN';
    const details = { status: 'closed' };
    await refused(id, 'unfreeze', {}, { code, details });
    await refused(id, 'freeze', {}, { code, details });
    await refused(id, 'reopen', {}, { code: 'ACCOUNT_EMPTY' });
  });

  it('is opened again for money that the network has left on a closed account', async () => {
    const id = await newAccount();
    await command(id, 'close');
    await network(id, 700);
    await refused(id, 'debits', { amountMinor: 700 }, { code: 'ACCOUNT_NOT_OPEN' });
    expect((await command(id, 'reopen')).body).toMatchObject({
      status: 'open',
      availableMinor: 700,
    });
    expect((await command(id, 'debits', { amountMinor: 700 })).status).toBe(201);
    expect((await command(id, 'close')).body['status']).toBe('closed');
  });

  it('waits for a decision that holds the account, and is announced to the processes', async () => {
    const id = await newAccount();
    const heard: string[] = [];
    const listening = await ingress.sql.listen('profile_changed', (text) => heard.push(text));
    let isAnswered = false;
    const freeze = await whileHeld(
      id,
      () => command(id, 'freeze').finally(() => (isAnswered = true)),
      async () => expect(isAnswered).toBe(false),
    );
    expect(freeze.body['status']).toBe('frozen');
    await eventually(() => heard.includes(`accounts:${id}`));
    await listening.unlisten();
  });
});

describe('the settings of an account', () => {
  it('are changed one by one or together', async () => {
    const id = await newAccount();
    const change = (body: object) => ingress.post(`/v1/accounts/${id}`, body);
    expect((await change({ creditLimitMinor: 900 })).body).toMatchObject({
      creditLimitMinor: 900,
      allowPartial: false,
    });
    expect((await change({ allowPartial: true })).body).toMatchObject({
      creditLimitMinor: 900,
      allowPartial: true,
    });
    await command(id, 'freeze');
    expect((await change({ creditLimitMinor: 0, allowPartial: false })).body).toEqual(
      await shown(id),
    );
  });

  it.each([
    {},
    { creditLimitMinor: -1 },
    { creditLimitMinor: 0.5 },
    { creditLimitMinor: 1e300 },
    { creditLimitMinor: null },
    { status: 'open' },
    { availableMinor: 1 },
  ])('are not changed by %j', async (body) => {
    const id = await newAccount();
    const before = await written();
    const answer = await ingress.post(`/v1/accounts/${id}`, body);
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 VALIDATION_FAILED');
    expect(await written()).toEqual(before);
  });

  it('flag an account whose limit falls below what is used of it, until it is repaid', async () => {
    const id = await newAccount({ creditLimitMinor: 1_000 });
    await command(id, 'debits', { amountMinor: 800 });
    expect(await openItems(id)).toEqual([]);
    await ingress.post(`/v1/accounts/${id}`, { creditLimitMinor: 500 });
    expect(await openItems(id)).toEqual(['account_overdrawn']);
    await command(id, 'credits', { amountMinor: 300 });
    expect(await openItems(id)).toEqual([]);
  });

  it('of a closed account stay', async () => {
    const id = await newAccount();
    await command(id, 'close');
    const before = await written();
    const answer = await ingress.post(`/v1/accounts/${id}`, { creditLimitMinor: 5 });
    expect(answer.body.error).toMatchObject({
      code: 'ACCOUNT_NOT_OPEN',
      details: { status: 'closed' },
    });
    expect(await written()).toEqual(before);
  });
});
