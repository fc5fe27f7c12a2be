/** Approvals whose events were lost: looked up at Stripe in lists, and settled by what Stripe shows alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { balancesOf, brokenInvariants, type CardProgram } from '../support/card-program.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { event, store, authorization as view } from '../support/stripe-events.ts';
import { type LostEvents, loseEvents } from './lost-events.ts';
import { applyDue, openItems } from './relay-inbox.ts';

const LIST = 'GET /v1/issuing/authorizations';

let world: LostEvents;
beforeEach(async () => {
  world = await loseEvents();
});
afterEach(async () => {
  await world.close();
});

/** Steps of the relay until one makes no call. */
async function lookUntilQuiet(): Promise<void> {
  for (;;) {
    const before = world.calls.length;
    await world.looker.look();
    if (world.calls.length === before) break;
  }
  const errors = await applyDue(world.sql);
  expect(errors).toEqual([]);
  await world.looker.look();
}

const heldOf = async (program: CardProgram): Promise<number> =>
  (await balancesOf(world.sql, program)).held;

const unconfirmed = async (): Promise<number> => {
  const [row] = await world.sql<{ n: number }[]>`
    select count(*) as n from decisions where approved and not confirmed`;
  return row?.n ?? -1;
};

const lookups = async (): Promise<readonly string[]> =>
  (
    await world.sql<{ result: string }[]>`select result from hold_lookups order by authorization_id`
  ).map(({ result }) => result);

/** A request as Stripe would have made it. */
const request = (program: CardProgram, id: string, amount: number): AuthorizationRequest =>
  sampleRequest({
    requestId: `evt_${id}_${amount}`,
    authorizationId: parseAuthorizationId(id),
    stripeCardId: program.stripeCardId,
    askedMinor: minorUnits(amount),
    requestedS: world.nowS(),
  });

describe('holds whose events were lost', () => {
  it('are settled together by one list call, each as Stripe shows it', async () => {
    const program = await world.program();
    const second = await world.card(program);
    const { authorizations } = world.stripe.testHelpers.issuing;
    for (let n = 0; n < 12; n += 1) {
      const id = await world.buy(program, 1_000, n % 2 === 0 ? program.stripeCardId : second);
      if (n < 4) await authorizations.capture(id, { capture_amount: 900 });
      else if (n < 8) await authorizations.reverse(id);
    }
    expect(await heldOf(program)).toBe(12_000);
    await world.pass(599);
    await world.looker.look();
    expect(world.calls).toEqual([]);
    await world.pass(2);
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST]);
    expect(world.ended).toEqual({ found: 12 });
    expect(await balancesOf(world.sql, program)).toEqual({
      available: 1_000_000_000 - 4 * 900 - 4 * 1_000,
      held: 4_000,
      settlement: 4 * 900,
      suspense: 0,
    });
    expect(await unconfirmed()).toBe(0);
    expect(await lookups()).toEqual([]);
    expect(await brokenInvariants(world.sql)).toEqual([]);
  });

  it('are found over several pages, within the rate limits of a sandbox', async () => {
    const program = await world.program();
    const cards = [program.stripeCardId, await world.card(program)];
    for (let n = 0; n < 130; n += 1) {
      await world.buy(program, 100, cards[n % 2]);
      if (n % 50 === 0) await world.pass(1);
    }
    await world.control('PUT', '/_sim/rate_limits', { mode: 'sandbox' });
    await world.pass(700);
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST, LIST]);
    expect(world.ended).toEqual({ found: 130 });
    expect(world.errors).toEqual([]);
    expect(await heldOf(program)).toBe(13_000);
    expect(await unconfirmed()).toBe(0);
  });

  it('are not asked for while an event of theirs waits in the inbox', async () => {
    const program = await world.program();
    const id = await world.buy(program, 1_000);
    await world.pass(700);
    const shown = await world.stripe.issuing.authorizations.retrieve(id);
    world.calls.length = 0;
    const created = event('issuing_authorization.created', JSON.parse(JSON.stringify(shown)), {
      atS: world.nowS() - 700,
    });
    await store(world.sql, program.tenantId, [created]);
    await world.looker.look();
    expect(world.calls).toEqual([]);
    await applyDue(world.sql);
    await world.looker.look();
    expect(world.calls).toEqual([]);
    expect(await unconfirmed()).toBe(0);
  });

  it('of an increment are found by the creation of their authorization, days before', async () => {
    const program = await world.program();
    const id = await world.buy(program, 1_000);
    await world.pass(700);
    await lookUntilQuiet();
    await world.pass(2 * 24 * 3_600);
    await world.stripe.testHelpers.issuing.authorizations.increment(
      id,
      { increment_amount: 500 },
      { timeout: 10_000 },
    );
    expect(await applyDue(world.sql)).toEqual([]);
    expect(await heldOf(program)).toBe(1_500);
    expect(await unconfirmed()).toBe(1);
    await world.pass(700);
    world.calls.length = 0;
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST]);
    expect(await unconfirmed()).toBe(0);
    expect(await heldOf(program)).toBe(1_500);
  });
});

describe('a hold that Stripe was not told of in time', () => {
  it('is released, because Stripe shows that it declined', async () => {
    const program = await world.program();
    world.mode = 'silent';
    await world.buy(program, 1_000);
    expect(await heldOf(program)).toBe(1_000);
    await world.pass(601);
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST]);
    expect((await balancesOf(world.sql, program)).available).toBe(1_000_000_000);
    expect(await heldOf(program)).toBe(0);
    expect(await unconfirmed()).toBe(0);
  });

  it('stays while the authorization is open, and goes when it has ended', async () => {
    const program = await world.program();
    const id = await world.buy(program, 1_000);
    await world.decide(request(program, id, 300));
    expect(await heldOf(program)).toBe(1_300);
    await world.pass(601);
    await lookUntilQuiet();
    expect(await heldOf(program)).toBe(1_300);
    expect(await lookups()).toEqual(['found']);
    await world.stripe.testHelpers.issuing.authorizations.reverse(id);
    await world.pass(59);
    await world.looker.look();
    expect(world.calls).toHaveLength(1);
    await world.pass(1);
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST, LIST]);
    expect(await heldOf(program)).toBe(0);
    expect(await lookups()).toEqual([]);
  });
});

describe('nothing is released', () => {
  it('by a list that lacks the authorization, nor by Stripe not knowing it; a person is told after a day', async () => {
    const program = await world.program();
    const id = 'iauth_never';
    await world.decide(request(program, id, 700));
    await world.pass(601);
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST]);
    expect(await lookups()).toEqual(['not_listed']);
    await world.pass(60);
    await lookUntilQuiet();
    expect(world.calls).toEqual([LIST, `${LIST}/${id}`]);
    expect(await lookups()).toEqual(['unknown']);
    expect(await heldOf(program)).toBe(700);
    expect(await openItems(world.sql, program)).toEqual([]);

    await world.pass(24 * 3_600);
    await lookUntilQuiet();
    expect(await heldOf(program)).toBe(700);
    expect(await openItems(world.sql, program)).toEqual(['hold_unconfirmed']);
    const [item] = await world.sql<{ subject: string; details: Record<string, unknown> }[]>`
      select subject, details from attention_items where kind = 'hold_unconfirmed'`;
    expect(item?.subject).toBe(id);
    expect(item?.details).toMatchObject({
      approvals: 1,
      amountMinor: 700,
      heldMinor: 700,
      currency: 'usd',
      looks: 3,
      lastResult: 'unknown',
      requestedAt: '2026-01-01T00:00:00Z',
      lastLookAt: '2026-01-02T00:11:01Z',
    });

    const declined = view({ id, card: program.stripeCardId, amount: 700, approved: false });
    await store(world.sql, program.tenantId, [
      event('issuing_authorization.created', declined, { atS: world.nowS() }),
    ]);
    await applyDue(world.sql);
    await world.looker.look();
    expect(await heldOf(program)).toBe(0);
    expect(await openItems(world.sql, program)).toEqual([]);
  });

  it.each([
    ['status 500', { fault: '500' }],
    ['status 429', { fault: '429' }],
    ['a cut connection', { fault: 'drop' }],
    ['an answer that comes too late', { fault: 'latency', latency_ms: 3_000 }],
  ])('by %s, after which the next try waits', async (_what, fault) => {
    const program = await world.program();
    const other = await world.program('acct_other');
    await world.stripe.testHelpers.issuing.authorizations.reverse(await world.buy(program, 1_000));
    await world.buy(other, 500);
    const rule = { ...fault, path: '/v1/issuing/authorizations*', account: 'platform' };
    await world.control('PUT', '/_sim/faults', { rules: [rule] });
    await world.pass(700);
    await world.looker.look();
    await world.looker.look();
    expect(world.errors).toHaveLength(1);
    expect(world.ended).toEqual({ failed: 1, found: 1 });
    await applyDue(world.sql);
    expect(await heldOf(program)).toBe(1_000);
    expect(await unconfirmed()).toBe(1);
    await world.control('PUT', '/_sim/faults', { rules: [] });
    await world.pass(59);
    await world.looker.look();
    expect(world.ended).toEqual({ failed: 1, found: 1 });
    await world.pass(1);
    await lookUntilQuiet();
    expect(world.ended).toEqual({ failed: 1, found: 2 });
    expect(await heldOf(program)).toBe(0);
  });
});

describe('the calls', () => {
  it('are few in each step, and every tenant has its turn', async () => {
    const programs: CardProgram[] = [];
    for (let n = 0; n < 6; n += 1) programs.push(await world.program(`acct_turn${n}`));
    for (const program of programs) await world.buy(program, 100);
    await world.pass(700);
    await world.looker.look();
    expect(world.calls).toHaveLength(4);
    await world.looker.look();
    expect(world.calls).toHaveLength(6);
    expect(world.ended).toEqual({ found: 6 });
  });

  it('of one tenant wait for company, so that few lists find what becomes due', async () => {
    const program = await world.program();
    for (let n = 0; n < 9; n += 1) {
      await world.buy(program, 100);
      await world.pass(1);
    }
    await world.pass(592);
    for (let n = 0; n < 12; n += 1) {
      await world.looker.look();
      await world.pass(1);
    }
    expect(world.calls).toHaveLength(2);
    expect(world.ended).toEqual({ found: 9 });
  });
});
