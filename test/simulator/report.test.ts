import { join } from 'node:path';
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Program, refusal, startProgram } from './program.ts';

/** When the virtual clock begins, in Unix seconds; a midnight in UTC. */
const START = Date.UTC(2026, 0, 1) / 1000;
const DAY = 86_400;

const TRANSACTIONS = 'sim.issuing_transactions.itemized.1';
const AUTHORIZATIONS = 'sim.issuing_authorizations.itemized.1';
const ACTIVITY = 'balance_change_from_activity.itemized.3';

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

const advance = (seconds: number) => program.control('POST', '/_sim/clock/advance', { seconds });
const set = (settings: object) =>
  program.control('PUT', '/_sim/accounts/platform/settings', settings);

type Parameters = Stripe.Reporting.ReportRunCreateParams.Parameters;

const INTERVAL = { interval_start: START, interval_end: START + DAY };

const start = (report_type: string, parameters: Parameters = {}) =>
  program.stripe.reporting.reportRuns.create({
    report_type,
    parameters: { ...INTERVAL, ...parameters },
  });

const KEY = { authorization: 'Bearer sk_test_simulator' };

/** The lines of the file of a run that has succeeded. */
async function lines(run: Stripe.Reporting.ReportRun): Promise<readonly string[]> {
  const response = await fetch(run.result?.url ?? '', { headers: KEY });
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('text/csv');
  expect(Buffer.byteLength(text)).toBe(run.result?.size);
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

/** Starts a run, waits until it is over, and reads its file. */
async function report(type: string, parameters: Parameters = {}): Promise<readonly string[]> {
  const { id } = await start(type, parameters);
  await advance(5);
  return lines(await program.stripe.reporting.reportRuns.retrieve(id));
}

const merchant_data = {
  name: 'Joe\'s "Best" Pizza, Inc.',
  city: 'Zürich',
  category: 'bakeries',
} as const;

async function spend(amount: number, params: Partial<Stripe.Issuing.CardCreateParams> = {}) {
  const card = await program.card(params);
  const { authorizations } = program.stripe.testHelpers.issuing;
  const { id } = await authorizations.create({ card: card.id, amount, merchant_data });
  const { transactions } = await authorizations.capture(id);
  return { card, authorization: id, transaction: transactions[0]?.id ?? '' };
}

describe('report types', () => {
  it('are listed, and shown with their columns and the time they have data of', async () => {
    const { reportTypes } = program.stripe.reporting;
    const { data } = await reportTypes.list();
    expect(data.map(({ id }) => id)).toEqual([
      'balance.summary.1',
      ACTIVITY,
      'balance_change_from_activity.summary.1',
      'payout_reconciliation.itemized.5',
      AUTHORIZATIONS,
      TRANSACTIONS,
    ]);
    await advance(DAY + 3_600);
    expect(await reportTypes.retrieve(ACTIVITY)).toMatchObject({
      data_available_end: START + DAY,
      default_columns: expect.arrayContaining(['balance_transaction_id', 'gross', 'net']),
      version: 3,
    });
    await set({ reportData: 'live' });
    expect((await reportTypes.retrieve(ACTIVITY)).data_available_end).toBe(START + 2 * DAY);
    expect((await refusal(reportTypes.retrieve('balance.summary.9'))).statusCode).toBe(404);
  });
});

describe('a report run', () => {
  it('is pending for some seconds, and then has a file', async () => {
    await advance(DAY);
    await program.subscribe();
    const run = await start(TRANSACTIONS);
    expect(run).toMatchObject({ status: 'pending', result: null, succeeded_at: null, error: null });
    await advance(4);
    const { reportRuns } = program.stripe.reporting;
    expect((await reportRuns.retrieve(run.id)).status).toBe('pending');
    await advance(1);
    const over = await reportRuns.retrieve(run.id);
    expect(over).toMatchObject({
      status: 'succeeded',
      succeeded_at: run.created + 5,
      parameters: INTERVAL,
      result: { object: 'file', purpose: 'finance_report_run', type: 'csv' },
    });
    await program.simulator.settle();
    expect(program.receiver.types()).toEqual(['reporting.report_run.succeeded']);
    expect(program.receiver.received[0]?.event.data.object).toEqual(over);
    const later = await start(TRANSACTIONS);
    const listed = await reportRuns.list();
    expect(listed.data.map(({ id }) => id)).toEqual([later.id, run.id]);
    expect((await reportRuns.list({ created: { gt: run.created } })).data).toHaveLength(1);
  });

  it('fails when it is told to, once, and never gets a file', async () => {
    await advance(DAY);
    await program.subscribe();
    const { id } = await start(TRANSACTIONS);
    const path = `/_sim/reporting/report_runs/${id}/fail`;
    await program.control('POST', path, { error: 'Too much data.' });
    await advance(60);
    // Asked for alone, the official client takes a run with an `error` for a failed call.
    const { data } = await program.stripe.reporting.reportRuns.list();
    expect(data).toMatchObject([{ id, status: 'failed', error: 'Too much data.', result: null }]);
    await expect(program.control('POST', path)).rejects.toThrow('cannot fail any more');
    await program.simulator.settle();
    expect(program.receiver.types()).toEqual(['reporting.report_run.failed']);
  });

  it('refuses what its type does not take, and times without data', async () => {
    await advance(DAY);
    const param = async (type: string, parameters: Parameters) =>
      (await refusal(start(type, parameters))).param;
    const { reportRuns } = program.stripe.reporting;
    expect((await refusal(reportRuns.create({ report_type: 'nonsense.1' }))).param).toBe(
      'report_type',
    );
    const without = await refusal(reportRuns.create({ report_type: ACTIVITY }));
    expect(without).toMatchObject({
      code: 'parameter_missing',
      param: 'parameters[interval_start]',
    });
    expect(await param(ACTIVITY, { interval_end: START + DAY + 1 })).toBe(
      'parameters[interval_end]',
    );
    expect(await param(ACTIVITY, { interval_start: 0 })).toBe('parameters[interval_start]');
    expect(await param(ACTIVITY, { interval_start: START + DAY })).toBe(
      'parameters[interval_start]',
    );
    expect(await param(ACTIVITY, { columns: ['gross', 'nonsense'] })).toBe('parameters[columns]');
    expect(await param(ACTIVITY, { payout: 'po_1' })).toBe('parameters[payout]');
    expect(await param(ACTIVITY, { currency: 'xxx' })).toBe('parameters[currency]');
    expect(await param(ACTIVITY, { reporting_category: 'nonsense' })).toBe(
      'parameters[reporting_category]',
    );
    expect(await param(TRANSACTIONS, { reporting_category: 'charge' })).toBe(
      'parameters[reporting_category]',
    );
    expect(await param(ACTIVITY, { timezone: 'Mars/Base' })).toBe('parameters[timezone]');
    expect((await refusal(reportRuns.retrieve('frr_none'))).statusCode).toBe(404);
  });

  it('has no data of the day that is not over, unless it is set to', async () => {
    await spend(100);
    await advance(60);
    const today = { columns: ['amount'] };
    expect((await refusal(start(TRANSACTIONS, today))).param).toBe('parameters[interval_end]');
    await set({ reportData: 'live' });
    expect(await report(TRANSACTIONS, today)).toEqual(['amount', '-1.00']);
  });

  it('that was interrupted by a restart goes on', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const first = await startProgram({ clock: 'virtual', stateFile });
    await first.control('POST', '/_sim/clock/advance', { seconds: DAY });
    const create = { report_type: TRANSACTIONS, parameters: INTERVAL };
    const { id } = await first.stripe.reporting.reportRuns.create(create);
    await first.close();
    const second = await startProgram({ clock: 'virtual', stateFile });
    try {
      await second.control('POST', '/_sim/clock/advance', { seconds: 5 });
      const run = await second.stripe.reporting.reportRuns.retrieve(id);
      expect(run.status).toBe('succeeded');
      expect(await lines(run)).toHaveLength(1);
    } finally {
      await second.close();
    }
  });
});

describe('the file of a report', () => {
  it('quotes what needs it, and has amounts in major units', async () => {
    const { id: cardholder } = await program.cardholder({ name: 'Jenny Rosen' });
    const { card, authorization, transaction } = await spend(123_456, { cardholder });
    const { transactions } = program.stripe.testHelpers.issuing;
    const refund = await transactions.refund(transaction, { refund_amount: 5 });
    const yen = await spend(700, { currency: 'jpy' });
    await advance(DAY);
    const columns = ['transaction_id', 'authorization_id', 'card_last4', 'cardholder_name']
      .concat(['type', 'currency', 'amount', 'merchant_name', 'merchant_city', 'created'])
      .concat(['balance_transaction_id']);
    const name = '"Joe\'s ""Best"" Pizza, Inc."';
    const about = (last4: string) => `${last4},Jenny Rosen`;
    expect(await report(TRANSACTIONS, { columns })).toEqual([
      columns.join(','),
      `${transaction},${authorization},${about(card.last4)},capture,usd,-1234.56,${name},Zürich,2026-01-01 00:00:00,`,
      `${refund.id},${authorization},${about(card.last4)},refund,usd,0.05,${name},Zürich,2026-01-01 00:00:00,`,
      `${yen.transaction},${yen.authorization},${about(yen.card.last4)},capture,jpy,-700,${name},Zürich,2026-01-01 00:00:00,`,
    ]);
    expect(await report(TRANSACTIONS, { columns: ['amount'], currency: 'JPY' })).toEqual([
      'amount',
      '-700',
    ]);
  });

  it('begins with the start of the interval and stops before its end', async () => {
    await spend(100);
    await advance(DAY - 1);
    await spend(200);
    await advance(1);
    await spend(300);
    await advance(DAY);
    const amounts = (interval_start: number, interval_end: number) =>
      report(TRANSACTIONS, { columns: ['amount'], interval_start, interval_end });
    expect(await amounts(START, START + DAY)).toEqual(['amount', '-1.00', '-2.00']);
    expect(await amounts(START + 1, START + DAY - 1)).toEqual(['amount']);
    expect(await amounts(START + DAY, START + 2 * DAY)).toEqual(['amount', '-3.00']);
  });

  it('has times in the time zone that is asked for', async () => {
    await spend(100);
    await advance(DAY);
    const columns = ['created_utc', 'created'];
    expect(await report(TRANSACTIONS, { columns, timezone: 'America/Los_Angeles' })).toEqual([
      'created_utc,created',
      '2026-01-01 00:00:00,2025-12-31 16:00:00',
    ]);
  });

  it('shows what authorizations hold', async () => {
    const card = await program.card();
    const { authorizations } = program.stripe.testHelpers.issuing;
    const { id } = await authorizations.create({ card: card.id, amount: 5_000 });
    await authorizations.capture(id, { capture_amount: 2_000, close_authorization: false });
    const inactive = await program.card({ status: 'inactive' });
    const declined = await authorizations.create({ card: inactive.id, amount: 100 });
    await advance(DAY);
    const columns = ['authorization_id', 'status', 'approved', 'reason', 'held', 'captured'];
    expect(await report(AUTHORIZATIONS, { columns })).toEqual([
      columns.join(','),
      `${id},pending,true,card_active,30.00,20.00`,
      `${declined.id},closed,false,card_inactive,0.00,0.00`,
    ]);
    const [header] = await report(AUTHORIZATIONS);
    expect(header).toContain('authorization_id,created_utc,created,status');
  });

  it('about the balance is empty in a processor-only program', async () => {
    await spend(100);
    await advance(DAY);
    for (const type of ['balance.summary.1', ACTIVITY, 'balance_change_from_activity.summary.1']) {
      expect(await report(type)).toHaveLength(1);
    }
    expect(await report(ACTIVITY)).toEqual([
      'balance_transaction_id,created,available_on,currency,gross,fee,net,reporting_category,description',
    ]);
  });

  it('about the balance of a managed program itemizes it and sums it up', async () => {
    await set({ program: 'managed' });
    const fund = (amount: number) =>
      program.control('POST', '/_sim/accounts/platform/balance', { amount, currency: 'usd' });
    await fund(10_000);
    await advance(DAY);
    const { authorization, transaction } = await spend(2_550);
    await fund(-400);
    await advance(DAY);
    const second = { interval_start: START + DAY, interval_end: START + 2 * DAY };
    const columns = ['reporting_category', 'gross', 'source_id', 'charge_id'];
    expect(await report(ACTIVITY, { ...second, columns })).toEqual([
      'reporting_category,gross,source_id,charge_id',
      `issuing_authorization_hold,-25.50,${authorization},`,
      `issuing_transaction,-25.50,${transaction},`,
      `issuing_authorization_release,25.50,${authorization},`,
      'topup_reversal,-4.00,,',
    ]);
    expect(
      await report(ACTIVITY, {
        ...second,
        columns: ['net'],
        reporting_category: 'issuing_transaction',
      }),
    ).toEqual(['net', '-25.50']);
    expect(await report('balance_change_from_activity.summary.1', second)).toEqual([
      'reporting_category,currency,count,gross,fee,net',
      'issuing_authorization_hold,usd,1,-25.50,0.00,-25.50',
      'issuing_authorization_release,usd,1,25.50,0.00,25.50',
      'issuing_transaction,usd,1,-25.50,0.00,-25.50',
      'topup_reversal,usd,1,-4.00,0.00,-4.00',
    ]);
    expect(await report('balance.summary.1', second)).toEqual([
      'category,description,net_amount,currency',
      'starting_balance,Starting balance (2026-01-02 00:00:00),100.00,usd',
      'activity,Balance change from activity,-29.50,usd',
      'payouts,Payouts,0.00,usd',
      'ending_balance,Ending balance (2026-01-03 00:00:00),70.50,usd',
    ]);
    expect(await report('payout_reconciliation.itemized.5', second)).toHaveLength(1);
  });

  it('is only for those who have a key, and an account that owns it', async () => {
    await advance(DAY);
    const { id } = await start(TRANSACTIONS);
    await advance(5);
    const { result } = await program.stripe.reporting.reportRuns.retrieve(id);
    const url = result?.url ?? '';
    const status = async (headers: Record<string, string>) =>
      (await fetch(url, { headers })).status;
    const account = String((await program.control('POST', '/_sim/accounts', {}))['id']);
    expect(await status(KEY)).toBe(200);
    expect(await status({})).toBe(401);
    expect(await status({ ...KEY, 'stripe-account': account })).toBe(404);
    expect((await fetch(url.replace(/file_\w+/, 'file_none'), { headers: KEY })).status).toBe(404);
  });
});
