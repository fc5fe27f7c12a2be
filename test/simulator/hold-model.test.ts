/**
 * Random steps on one authorization: the simulator and a small model stay together, nothing fails, and the events
 * tell the whole story. A failure prints the seed and the shortest steps that show it.
 */
import fc from 'fast-check';
import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hold, type Modes, newHold, type Step, spent, take } from './hold-model.ts';
import { type Program, refusal, startProgram } from './program.ts';

const RUNS = 25;
const STEPS_MAX = 12;
/** All steps together stay far below them; probes at the end fill them to the cent, on two days. */
const DAILY_LIMIT = 400_000;
const LIMIT = 700_000;
const SECONDS_PER_DAY = 86_400;

const amount = fc.integer({ min: 1, max: 3_000 });
const someAmount = fc.option(amount, { nil: undefined });
/** What may happen at any moment, also while an increment is being decided. */
const change: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('capture' as const), amount: someAmount, close: fc.boolean() }),
  fc.record({ kind: fc.constant('reverse' as const), amount: someAmount }),
  fc.record({ kind: fc.constant('days' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('expire' as const) }),
);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: change, weight: 4 },
  fc.record({
    kind: fc.constant('inFlight' as const),
    amount,
    declined: fc.boolean(),
    meanwhile: change,
  }),
  fc.record({ kind: fc.constant('increment' as const), amount, declined: fc.boolean() }),
  fc.record({ kind: fc.constant('refund' as const), which: fc.nat(5), amount: someAmount }),
  fc.record({ kind: fc.constant('finalize' as const), amount: fc.nat(3_000) }),
  fc.record({ kind: fc.constant('force' as const), amount }),
  fc.record({ kind: fc.constant('metadata' as const), value: fc.constantFrom('', 'a', 'b') }),
);

const MODES: readonly Modes[] = [
  { capturedAmount: 'shrinks', closedAmount: 'kept' },
  { capturedAmount: 'stays', closedAmount: 'zeroed' },
];

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object before an event; null stands for what was not there. */
function before(object: Plain, previous: Plain): Plain {
  const earlier = { ...object };
  for (const [key, was] of Object.entries(previous)) {
    const is = object[key];
    if (isPlain(was) && isPlain(is)) earlier[key] = before(is, was);
    else earlier[key] = was;
  }
  return earlier;
}

const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, entry: unknown) => (entry === null ? undefined : entry));

describe.each(MODES)('an authorization ($capturedAmount, $closedAmount)', (modes) => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram({ capturedAmount: modes.capturedAmount, clock: 'virtual' });
    await program.control('PUT', '/_sim/accounts/platform/settings', {
      closedAmount: modes.closedAmount,
    });
  });
  afterAll(() => program.close());

  const pass = (days: number) =>
    program.control('POST', '/_sim/clock/advance', { seconds: days * SECONDS_PER_DAY });
  const helpers = () => program.stripe.testHelpers.issuing;
  const limited = () =>
    program.card({
      spending_controls: {
        spending_limits: [
          { amount: LIMIT, interval: 'all_time' },
          { amount: DAILY_LIMIT, interval: 'daily' },
        ],
      },
    });

  /** An increment is asked for, something else happens, and then it is decided. */
  async function carryOutInFlight(
    step: Extract<Step, { kind: 'inFlight' }>,
    card: string,
    shown: Stripe.Issuing.Authorization,
  ): Promise<unknown> {
    const { id } = shown;
    const { authorizations } = program.stripe.issuing;
    const endpoint = '/_sim/accounts/platform/realtime_endpoint';
    await program.control('PUT', endpoint, { url: program.receiver.url });
    const asked = new Promise<boolean>((resolve) => {
      // It thinks until a call decides.
      program.receiver.respond = () => {
        resolve(true);
        return undefined;
      };
    });
    const raised = helpers().authorizations.increment(id, { increment_amount: step.amount });
    const refused = () => false;
    if (await Promise.race([asked, raised.then(refused, refused)])) {
      await carryOut(step.meanwhile, card, shown).catch(() => undefined);
      await (step.declined ? authorizations.decline(id) : authorizations.approve(id));
    }
    await program.control('DELETE', endpoint);
    return raised;
  }

  function carryOut(
    step: Step,
    card: string,
    shown: Stripe.Issuing.Authorization,
  ): Promise<unknown> {
    const { authorizations, transactions } = helpers();
    const { id } = shown;
    switch (step.kind) {
      case 'capture':
        return authorizations.capture(id, {
          close_authorization: step.close,
          ...(step.amount === undefined ? {} : { capture_amount: step.amount }),
        });
      case 'reverse':
        return authorizations.reverse(
          id,
          step.amount === undefined ? {} : { reverse_amount: step.amount },
        );
      case 'days':
        return pass(step.count);
      case 'expire':
        return authorizations.expire(id);
      case 'inFlight':
        return carryOutInFlight(step, card, shown);
      case 'finalize':
        return authorizations.finalizeAmount(id, { final_amount: step.amount });
      case 'increment':
        return authorizations.increment(id, { increment_amount: step.amount });
      case 'force':
        return transactions.createForceCapture({ card, amount: step.amount });
      case 'metadata':
        return program.stripe.issuing.authorizations.update(id, { metadata: { k: step.value } });
      case 'refund': {
        const paid = shown.transactions[step.which % Math.max(1, shown.transactions.length)];
        return transactions.refund(
          paid?.id ?? 'ipi_none',
          step.amount === undefined ? {} : { refund_amount: step.amount },
        );
      }
    }
  }

  async function run(steps: readonly Step[]): Promise<void> {
    const { id: card } = await limited();
    let shown = await helpers().authorizations.create({ card, amount: 1_000 });
    let hold = newHold(1_000);
    for (const step of steps) {
      const next = take(hold, step, modes);
      if (step.kind === 'increment' && step.declined && next !== undefined) {
        await program.control('POST', `/_sim/issuing/cards/${card}/decline_next`, {
          reason: 'not_allowed',
        });
      }
      if (next === undefined) {
        expect((await refusal(carryOut(step, card, shown))).statusCode).toBeOneOf([400, 404]);
      } else {
        await carryOut(step, card, shown);
        hold = next;
      }
      shown = await program.stripe.issuing.authorizations.retrieve(shown.id);
      compare(shown, hold);
    }
    await checkEvents(shown);
    await checkCounters(card, hold);
  }

  function compare(shown: Stripe.Issuing.Authorization, hold: Hold): void {
    expect(shown.amount).toBeGreaterThanOrEqual(0);
    expect({
      status: shown.status,
      amount: shown.amount,
      merchant: shown.merchant_amount,
      transactions: shown.transactions.map((transaction) => transaction.amount),
      decisions: shown.request_history.length,
    }).toEqual({
      status: hold.status,
      amount: hold.amount,
      merchant: hold.amount,
      transactions: hold.transactions.map((transaction) => transaction.amount),
      decisions: hold.decisions,
    });
  }

  /** Each event, taken back, gives the object of the event before it; the last one is what is stored. */
  async function checkEvents(shown: Stripe.Issuing.Authorization): Promise<void> {
    const { data } = await program.stripe.events.list({
      types: ['issuing_authorization.created', 'issuing_authorization.updated'],
      limit: 50,
    });
    const own = data.filter((event) => (event.data.object as { id: string }).id === shown.id);
    const objects = own.map((event): Plain => ({ ...event.data.object }));
    expect(withoutNulls(objects[0])).toEqual(withoutNulls(shown));
    for (const [position, event] of own.entries()) {
      const earlier = objects[position + 1];
      if (earlier === undefined) expect(event.type).toBe('issuing_authorization.created');
      else {
        const previous = (event.data.previous_attributes ?? {}) as Plain;
        expect(withoutNulls(before(objects[position] ?? {}, previous))).toEqual(
          withoutNulls(earlier),
        );
      }
    }
  }

  /** The sums behind spending limits equal a recount, that of the day and that of all days. */
  async function checkCounters(card: string, hold: Hold): Promise<void> {
    const today = DAILY_LIMIT - spent(hold, hold.day);
    await fill(card, today);
    const later = take(hold, { kind: 'days', count: 1 }, modes) ?? hold;
    await pass(1);
    await fill(card, LIMIT - today - spent(later, 0));
  }

  /** The rest of a limit fits, and one cent more does not. */
  async function fill(card: string, rest: number): Promise<void> {
    const { authorizations } = helpers();
    expect(await authorizations.create({ card, amount: rest + 1 })).toMatchObject({
      approved: false,
      request_history: [{ reason: 'spending_controls' }],
    });
    expect(await authorizations.create({ card, amount: rest })).toMatchObject({ approved: true });
  }

  it('keeps step with the model, whatever happens to it', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyStep, { maxLength: STEPS_MAX }), run), {
      numRuns: RUNS,
    });
  });
});
