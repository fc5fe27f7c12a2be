import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { balanceSummaryLines } from '../../src/simulator/machines/report-lines.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Program, refusal, startProgram } from './program.ts';

const DAY = 86_400;
const advance = (program: Program, days: number) =>
  program.control('POST', '/_sim/clock/advance', { seconds: days * DAY });

/** Ids that the simulator still has, by kind. */
async function held(program: Program) {
  const { issuing } = program.stripe;
  const ids = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id);
  return {
    authorizations: ids(await issuing.authorizations.list()),
    transactions: ids(await issuing.transactions.list()),
  };
}

describe('with retention', () => {
  it('finished authorizations go with their transactions; open and fresh ones stay', async () => {
    const program = await startProgram({ clock: 'virtual', retentionDays: 3 });
    try {
      const { authorizations, transactions } = program.stripe.testHelpers.issuing;
      const card = await program.card();
      const hold = () => authorizations.create({ card: card.id, amount: 500 });
      const closed = await hold();
      await authorizations.capture(closed.id);
      const open = await hold();
      const late = await hold();
      await transactions.createForceCapture({
        card: card.id,
        amount: 100,
        merchant_data: { category: 'bakeries' },
      });
      await advance(program, 2);
      await authorizations.capture(late.id);
      expect((await held(program)).transactions).toHaveLength(3);
      await advance(program, 2);
      expect((await held(program)).authorizations).toEqual([late.id, open.id]);
      expect((await held(program)).transactions).toHaveLength(1);
      const missing = await refusal(program.stripe.issuing.authorizations.retrieve(closed.id));
      expect(missing.statusCode).toBe(404);
      await advance(program, 2);
      expect(await held(program)).toEqual({ authorizations: [open.id], transactions: [] });
      // Its validity ends after seven days; only then its time begins to count.
      await advance(program, 2);
      expect(await held(program)).toEqual({ authorizations: [], transactions: [] });
    } finally {
      await program.close();
    }
  });

  it('what was spent counts for limits of all time, also after a restart', async () => {
    const options = {
      clock: 'virtual',
      retentionDays: 1,
      stateFile: join(await temporaryFolder(), 'state.json'),
    } as const;
    const first = await startProgram(options);
    const card = await first.card({
      spending_controls: { spending_limits: [{ amount: 1_000, interval: 'all_time' }] },
    });
    const { authorizations } = first.stripe.testHelpers.issuing;
    const spent = await authorizations.create({ card: card.id, amount: 700 });
    await authorizations.capture(spent.id);
    await advance(first, 3);
    expect(await held(first)).toEqual({ authorizations: [], transactions: [] });
    const pay = (program: Program, amount: number) =>
      program.stripe.testHelpers.issuing.authorizations.create({ card: card.id, amount });
    expect(await pay(first, 400)).toMatchObject({ approved: false });
    await first.close();
    const second = await startProgram(options);
    try {
      expect(await pay(second, 400)).toMatchObject({ approved: false });
      expect(await pay(second, 300)).toMatchObject({ approved: true });
    } finally {
      await second.close();
    }
  });

  it('the Issuing balance keeps the sum of what is dropped, also after a restart', async () => {
    const options = {
      clock: 'virtual',
      retentionDays: 1,
      stateFile: join(await temporaryFolder(), 'state.json'),
    } as const;
    const path = '/_sim/accounts/platform/balance';
    const first = await startProgram(options);
    await first.control('PUT', '/_sim/accounts/platform/settings', { program: 'managed' });
    await first.control('POST', path, { amount: 9_000, currency: 'usd' });
    const card = await first.card();
    const { authorizations } = first.stripe.testHelpers.issuing;
    const spent = await authorizations.create({ card: card.id, amount: 700 });
    await authorizations.capture(spent.id);
    const open = await authorizations.create({ card: card.id, amount: 50 });
    await advance(first, 3);
    expect(await held(first)).toEqual({ authorizations: [open.id], transactions: [] });
    const expected = [{ currency: 'usd', available: 8_250, held: 50 }];
    const { snapshot } = (await first.control('GET', '/_sim/snapshot')) as {
      snapshot: { accounts: { tables: { balanceTransactions: { source: string | null }[] } }[] };
    };
    const sources = snapshot.accounts[0]?.tables.balanceTransactions.map(({ source }) => source);
    expect(sources).toEqual([null, open.id]);
    expect((await first.control('GET', path))['balances']).toEqual(expected);
    await first.close();
    const second = await startProgram(options);
    try {
      expect((await second.control('GET', path))['balances']).toEqual(expected);
    } finally {
      await second.close();
    }
  });

  it('finished verifications, report runs and deleted tokens go as well', async () => {
    const program = await startProgram({ clock: 'virtual', retentionDays: 2 });
    try {
      const { identity, issuing, reporting } = program.stripe;
      const card = await program.card();
      const token = String(
        (
          await program.control('POST', '/_sim/issuing/tokens', {
            card: card.id,
            wallet_provider: 'apple_pay',
          })
        )['id'],
      );
      await issuing.tokens.update(token, { status: 'deleted' });
      const [over, open] = [
        await identity.verificationSessions.create({ type: 'document' }),
        await identity.verificationSessions.create({ type: 'document' }),
      ];
      const path = `/_sim/identity/verification_sessions/${over.id}`;
      await program.control('POST', `${path}/verify`);
      const midnight = Number((await program.control('GET', '/_sim/health'))['now']);
      await reporting.reportRuns.create({
        report_type: 'balance.summary.1',
        parameters: { interval_start: midnight - DAY, interval_end: midnight },
      });
      await advance(program, 4);
      const left = await identity.verificationSessions.list();
      expect(left.data.map(({ id }) => id)).toEqual([open.id]);
      expect((await identity.verificationReports.list()).data).toEqual([]);
      expect((await reporting.reportRuns.list()).data).toEqual([]);
      expect((await issuing.tokens.list({ card: card.id })).data).toEqual([]);
    } finally {
      await program.close();
    }
  });

  it('things go on to be dropped after a restore to an earlier time', async () => {
    const program = await startProgram({ clock: 'virtual', retentionDays: 3 });
    try {
      const taken = await program.control('GET', '/_sim/snapshot');
      await advance(program, 300);
      await program.control('POST', '/_sim/restore', taken);
      const card = await program.card();
      const { authorizations } = program.stripe.testHelpers.issuing;
      const { id } = await authorizations.create({ card: card.id, amount: 500 });
      await authorizations.capture(id);
      await advance(program, 5);
      expect(await held(program)).toEqual({ authorizations: [], transactions: [] });
    } finally {
      await program.close();
    }
  });
});

it('without retention everything is kept', async () => {
  const program = await startProgram({ clock: 'virtual' });
  try {
    const card = await program.card();
    const { authorizations } = program.stripe.testHelpers.issuing;
    const { id } = await authorizations.create({ card: card.id, amount: 500 });
    await authorizations.capture(id);
    await advance(program, 400);
    expect((await held(program)).authorizations).toEqual([id]);
  } finally {
    await program.close();
  }
});

it('reports begin with the sum of what was dropped before', () => {
  const topUp = { amount: 500, currency: 'usd', created: 200, description: null, source: null };
  const lines = balanceSummaryLines(
    {
      balanceTransactions: [{ ...topUp, id: 'txn_1', type: 'topup' }],
      opening: [
        { amount: -700, currency: 'usd' },
        { amount: 90, currency: 'eur' },
      ],
      transactions: [],
      authorizations: [],
      cardholderName: () => '',
      last4: () => '',
    },
    { interval_start: 100, interval_end: 300 },
  );
  const amounts = lines.map(({ category, currency, net_amount: net }) => [category, currency, net]);
  expect(amounts.filter(([category]) => category !== 'payouts')).toEqual([
    ['starting_balance', 'eur', '0.90'],
    ['activity', 'eur', '0.00'],
    ['ending_balance', 'eur', '0.90'],
    ['starting_balance', 'usd', '-7.00'],
    ['activity', 'usd', '5.00'],
    ['ending_balance', 'usd', '-2.00'],
  ]);
});
