import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type Stripe from 'stripe';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/index.ts';
import { runTraffic, type TrafficSummary } from '../../src/simulator/traffic/command.ts';
import { progressBar, showProgress } from '../../src/simulator/traffic/progress.ts';
import { eventually } from '../support/eventually.ts';

const MAIN = fileURLToPath(new URL('../../src/simulator/main.ts', import.meta.url));
/** Nothing listens on the lowest port. */
const NOWHERE = 'http://127.0.0.1:1';
const DAY = 86_400;

const running: Simulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = createSimulator(options);
  running.push(simulator);
  await simulator.listen();
  return simulator;
}

/** Runs the command in this process. */
async function traffic(args: string): Promise<{ code: number; output: string; problems: string }> {
  let [output, problems] = ['', ''];
  const code = await runTraffic(args.split(' ').filter(Boolean), {
    out: { write: (text) => (output += text) },
    err: { write: (text) => (problems += text) },
    usualUrl: NOWHERE,
  });
  return { code, output, problems };
}

async function succeed(args: string): Promise<TrafficSummary> {
  const { code, output, problems } = await traffic(args);
  expect({ code, problems }).toMatchObject({ code: 0 });
  return JSON.parse(output) as TrafficSummary;
}

const control = async (simulator: Simulator, path: string, body: object): Promise<void> => {
  const init = { method: 'PUT', body: JSON.stringify(body) };
  expect((await fetch(`${simulator.url}${path}`, init)).ok).toBe(true);
};

interface Objects {
  readonly id: string;
  readonly cardholders: readonly Stripe.Issuing.Cardholder[];
  readonly cards: readonly Stripe.Issuing.Card[];
  readonly authorizations: readonly Stripe.Issuing.Authorization[];
  readonly transactions: readonly Stripe.Issuing.Transaction[];
}

/** What the platform's own account has. */
async function objects(simulator: Simulator): Promise<Objects> {
  const answer = await fetch(`${simulator.url}/_sim/objects`);
  const [platform] = ((await answer.json()) as { accounts: Objects[] }).accounts;
  if (platform === undefined) throw new Error('there is no platform account');
  return platform;
}

const TIMES = new Set(['created', 'requested_at', 'processing_date', 'exp_month', 'exp_year']);
const withoutTimes = (held: Objects): unknown =>
  JSON.parse(JSON.stringify(held, (key, value: unknown) => (TIMES.has(key) ? null : value)));

const sum = (amounts: readonly number[]): number => amounts.reduce((a, b) => a + b, 0);
const total = (counts: Readonly<Record<string, number>>): number => sum(Object.values(counts));

const SHORT = '--cards 4 --rate 240 --duration 0.25 --seed 7';

describe('traffic', () => {
  it('is the same in two simulators of one seed, and spread over days', async () => {
    const first = await startSimulator();
    const second = await startSimulator();
    const summary = await succeed(`${SHORT} --concurrency 1 --url ${first.url}`);
    const again = await succeed(`${SHORT} --concurrency 1 --url ${second.url}`);
    const held = await objects(first);
    expect(withoutTimes(await objects(second))).toEqual(withoutTimes(held));
    expect(again.plan).toBe(summary.plan);
    expect(again.amounts).toEqual(summary.amounts);

    expect(summary.programDays).toBeGreaterThan(6);
    const groceries = held.authorizations.filter(
      ({ merchant_data: merchant }) => merchant.category === 'grocery_stores_supermarkets',
    );
    const delays = groceries.flatMap(({ created, transactions }) =>
      transactions.map((transaction) => transaction.created - created),
    );
    expect(delays.length).toBeGreaterThan(10);
    // The clock is moved once a minute at most.
    expect(Math.min(...delays)).toBeGreaterThan(DAY * 0.8);
    expect(Math.max(...delays)).toBeLessThan(DAY * 1.2);
  });

  it('leaves the clock alone when asked to, and captures all the same', async () => {
    const simulator = await startSimulator();
    const summary = await succeed(`${SHORT} --keep-clock --url ${simulator.url}`);
    expect(summary.steps.left).toBe(0);
    const { transactions, authorizations } = await objects(simulator);
    expect(transactions.length).toBeGreaterThan(10);
    const created = authorizations.map((authorization) => authorization.created);
    // A run of a quarter of a second, with room for a slow machine.
    expect(Math.max(...created) - Math.min(...created)).toBeLessThan(DAY / 24);
  });

  it('reports what the simulator holds, and is declined by design only', async () => {
    const simulator = await startSimulator();
    const summary = await succeed(`${SHORT} --url ${simulator.url}`);
    const held = await objects(simulator);
    const { authorizations, captures, refunds, cards, scenarios } = summary;

    expect(summary.errors).toEqual({});
    expect(summary.calls).toMatchObject({ skipped: 0, made: summary.steps.planned });
    expect(summary.steps.left).toBe(0);
    expect(summary.purchases).toMatchObject({ planned: 60, begun: 60, wantedPerSecond: 240 });
    expect(total(scenarios)).toBe(60);

    expect(summary.cardholders.made).toBe(held.cardholders.length);
    expect(cards.made).toBe(held.cards.length);
    const lost = held.cards.filter((card) => card.cancellation_reason === 'lost');
    expect([cards.lost, cards.replaced]).toEqual([lost.length, lost.length]);
    expect(lost.length).toBe(scenarios['lost_card']);

    const approved = held.authorizations.filter((authorization) => authorization.approved);
    expect(authorizations.made).toBe(held.authorizations.length);
    expect(authorizations.approved).toBe(approved.length);
    const bursts = authorizations.declined['suspected_fraud'] ?? 0;
    expect(bursts).toBeGreaterThanOrEqual(6 * (scenarios['card_testing'] ?? 0));
    expect(authorizations.declined).toEqual({
      card_inactive: scenarios['inactive_card'],
      spending_controls: (scenarios['blocked_category'] ?? 0) + (scenarios['over_limit'] ?? 0),
      suspected_fraud: bursts,
      verification_failed: scenarios['wrong_cvc'],
    });

    const posted = (type: string) => held.transactions.filter((entry) => entry.type === type);
    expect(total(captures)).toBe(posted('capture').length);
    expect(total(refunds)).toBe(posted('refund').length);
    expect(captures['forced']).toBe(scenarios['forced_capture']);
    expect(captures['late']).toBe(scenarios['late_capture']);
    expect(summary.amounts).toEqual({
      usd: {
        held: sum(
          held.authorizations
            .flatMap((authorization) => authorization.request_history)
            .filter((entry) => entry.approved)
            .map((entry) => entry.amount),
        ),
        captured: -sum(posted('capture').map((entry) => entry.amount)),
        refunded: sum(posted('refund').map((entry) => entry.amount)),
      },
    });
    const open = approved.filter((authorization) => authorization.status === 'pending');
    expect(open).toEqual([]);
  });

  it('captures nothing that was declined', async () => {
    const simulator = await startSimulator();
    await control(simulator, '/_sim/accounts/platform/settings', { disabled: true });
    const summary = await succeed(`${SHORT} --url ${simulator.url}`);
    expect(summary.authorizations.approved).toBe(0);
    expect(Object.keys(summary.authorizations.declined)).toEqual(['account_disabled']);
    expect(Object.keys(summary.captures)).toEqual(['forced']);
    expect(summary.calls.skipped).toBeGreaterThan(30);
    expect(summary.errors).toEqual({});
  });

  it('counts failed calls, leaves out what hangs on them, and goes on', async () => {
    const simulator = await startSimulator();
    await control(simulator, '/_sim/faults', { rules: [{ fault: '429', count: 1 }] });
    const summary = await succeed(`${SHORT} --concurrency 1 --url ${simulator.url}`);
    expect(summary.errors).toEqual({ rate_limit: 1 });
    expect(summary.cardholders.made).toBe(3);
    expect(summary.calls.skipped).toBeGreaterThan(1);
    expect(summary.purchases.begun).toBe(60);
  });

  it('starts a simulator of its own when there is none, also for a connected account', async () => {
    const { code, output, problems } = await traffic(`${SHORT} --account acct_traffic`);
    expect(code).toBe(0);
    expect(problems).toContain(`No simulator answers at ${NOWHERE}; started one for this run at`);
    const summary = JSON.parse(output) as TrafficSummary;
    expect(summary).toMatchObject({ account: 'acct_traffic', errors: {} });
    await expect(fetch(summary.url)).rejects.toThrow('fetch failed');
  });

  it('can use the cards that are there, and leaves their state alone', async () => {
    const simulator = await startSimulator();
    await succeed(`--cards 3 --rate 10 --duration 0.1 --url ${simulator.url}`);
    const before = await objects(simulator);
    expect(before.authorizations.length).toBeLessThanOrEqual(1);
    const summary = await succeed(`${SHORT} --existing-cards --url ${simulator.url}`);
    expect(summary.cards).toEqual({ made: 0, lost: 0, replaced: 0 });
    expect(summary.authorizations.made).toBeGreaterThan(50);
    const after = await objects(simulator);
    expect(after.cards).toEqual(before.cards);
    expect(new Set(after.authorizations.map(({ card }) => card.id)).size).toBe(3);
  });

  it('leaves the clock alone in real time, and leaves out what is due after the end', async () => {
    const simulator = await startSimulator();
    const summary = await succeed(`${SHORT} --day 86400 --url ${simulator.url}`);
    expect(summary.programDays).toBeLessThan(0.001);
    expect(summary.purchases.begun).toBe(60);
    expect(Object.keys(summary.captures)).toEqual(['forced']);
    expect(summary.steps.left).toBeGreaterThan(40);
  });
});

describe('the command line', () => {
  it.each([
    ['--cards 0', '--cards is "0"'],
    ['--cards many', '--cards is "many"'],
    ['--rate 0', '--rate is "0"'],
    ['--rate -1', '--rate'],
    ['--duration 5d', '--duration is "5d"'],
    ['--duration 0', '--duration is "0"'],
    ['--rate 0.001 --duration 1', '0 purchases'],
    ['--rate 1000 --duration 1h', '3600000 purchases'],
    ['--day 86401', '--day is "86401"'],
    ['--seed 1.5', '--seed is "1.5"'],
    ['--url localhost:12111', '--url is "localhost:12111"'],
    ['--account me', '--account is "me"'],
    ['--concurrency 0', '--concurrency is "0"'],
    ['--speed 3', "'--speed'"],
    ['fast', "'fast'"],
  ])('refuses %s', async (args, hint) => {
    const { code, output, problems } = await traffic(args);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(problems).toContain(hint);
    expect(problems).toContain('Usage: issuing-simulator traffic');
  });

  it('explains itself', async () => {
    expect(await traffic('--help')).toMatchObject({
      code: 0,
      output: expect.stringContaining('--existing-cards') as string,
    });
  });

  it('says when nothing answers where it was told to go', async () => {
    const { code, output, problems } = await traffic(`--url ${NOWHERE}`);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(problems).toBe(`issuing-simulator traffic: No simulator answers at ${NOWHERE}.\n`);
  });

  it('gives up when not a single call succeeds', async () => {
    const simulator = await startSimulator();
    await control(simulator, '/_sim/faults', { rules: [{ fault: '429' }] });
    const { code, output, problems } = await traffic(`${SHORT} --url ${simulator.url}`);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(problems).toContain('No call succeeds; the last one failed with: Request rate limit');
    expect(problems).not.toContain('Usage');
  });

  it('runs as a process, and ends early on SIGINT with a summary of what it did', async () => {
    const simulator = await startSimulator();
    const args = ['traffic', '--cards', '2', '--rate', '2', '--duration', '1h'];
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', MAIN, ...args, '--url', simulator.url],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => void child.on('close', resolve));
    await eventually(async () => (await objects(simulator)).authorizations.length > 0);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const summary = JSON.parse(output) as TrafficSummary;
    expect(summary).toMatchObject({ stoppedEarly: true, errors: {}, cards: { made: 2 } });
    expect(summary.authorizations.made).toBe((await objects(simulator)).authorizations.length);
    expect(summary.steps.left).toBeGreaterThan(7_000);
  });
});

describe('the progress', () => {
  const halfway = {
    purchases: 3,
    purchasesPlanned: 10,
    steps: 20,
    stepsPlanned: 40,
    programDays: 2,
  };

  it('is a bar', () => {
    const filled = `${'#'.repeat(15)}${'-'.repeat(15)}`;
    expect(progressBar(halfway)).toBe(`[${filled}] 50 % 3 of 10 purchases, day 2.0`);
    expect(progressBar({ ...halfway, steps: 0, stepsPlanned: 0 })).toContain('0 %');
  });

  it('is drawn on terminals only', () => {
    const written: string[] = [];
    const stream = (isTTY: boolean) => ({ isTTY, write: (text: string) => written.push(text) });
    showProgress(stream(false), () => halfway)();
    expect(written).toEqual([]);
    showProgress(stream(true), () => halfway)();
    expect(written.join('')).toContain('50 %');
  });
});
