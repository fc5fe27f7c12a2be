/** The windows that spending limits count in, the categories they count, and the limit that nobody can raise. */
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Program, startProgram } from './program.ts';

type Limit = Stripe.Issuing.CardCreateParams.SpendingControls.SpendingLimit;

/** The virtual clock starts here. */
const START = Date.UTC(2026, 0, 1);

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

/** Moves the clock to a moment of UTC. */
async function goTo(moment: string): Promise<void> {
  const now = Number((await program.control('GET', '/_sim/health'))['now']);
  const seconds = Date.parse(`${moment}Z`) / 1_000 - now;
  await program.control('POST', '/_sim/clock/advance', { seconds });
}

const limited = (...spending_limits: Limit[]) =>
  program.card({ spending_controls: { spending_limits } });

/** Whether a purchase goes through. It is captured, because a hold that expires counts no more. */
async function isApproved(
  card: { id: string },
  amount: number,
  category: 'bakeries' | 'florists' | 'taxicabs_limousines' = 'taxicabs_limousines',
): Promise<boolean> {
  const { authorizations } = program.stripe.testHelpers.issuing;
  const merchant_data = { category };
  const made = await authorizations.create({ card: card.id, amount, merchant_data });
  if (made.approved) await authorizations.capture(made.id);
  else expect(made.request_history).toMatchObject([{ reason: 'spending_controls' }]);
  return made.approved;
}

describe('a spending limit', () => {
  // 2026-01-01 is a Thursday.
  it.each<[Limit['interval'], string, string, string]>([
    ['daily', '2026-01-05T00:00:00', '2026-01-05T23:59:59', '2026-01-06T00:00:00'],
    ['weekly', '2026-01-04T00:00:00', '2026-01-10T23:59:59', '2026-01-11T00:00:00'],
    ['monthly', '2026-02-01T00:00:00', '2026-02-28T23:59:59', '2026-03-01T00:00:00'],
    ['yearly', '2027-01-01T00:00:00', '2027-12-31T23:59:59', '2028-01-01T00:00:00'],
  ])('%s counts from %s to %s, in UTC', async (interval, first, last, next) => {
    expect(Number((await program.control('GET', '/_sim/health'))['now']) * 1_000).toBe(START);
    const card = await limited({ amount: 1_000, interval });
    await goTo(first);
    expect(await isApproved(card, 600)).toBe(true);
    await goTo(last);
    expect(await isApproved(card, 401)).toBe(false);
    expect(await isApproved(card, 400)).toBe(true);
    await goTo(next);
    expect(await isApproved(card, 1_001)).toBe(false);
    expect(await isApproved(card, 1_000)).toBe(true);
  });

  it('of a week leaves Saturday behind on Sunday', async () => {
    const card = await limited({ amount: 1_000, interval: 'weekly' });
    await goTo('2026-01-03T23:59:59');
    expect(await isApproved(card, 1_000)).toBe(true);
    expect(await isApproved(card, 1)).toBe(false);
    await goTo('2026-01-04T00:00:00');
    expect(await isApproved(card, 1_000)).toBe(true);
  });

  it('of all time never ends', async () => {
    const card = await limited({ amount: 1_000, interval: 'all_time' });
    expect(await isApproved(card, 600)).toBe(true);
    await goTo('2031-06-01T00:00:00');
    // The card has expired by then, so its replacement pays, which the limit counts as the same.
    const { cardholder, id } = card;
    const next = await program.card({
      cardholder: cardholder.id,
      replacement_for: id,
      replacement_reason: 'expired',
      spending_controls: { spending_limits: [{ amount: 1_000, interval: 'all_time' }] },
    });
    expect(await isApproved(next, 401)).toBe(false);
    expect(await isApproved(next, 400)).toBe(true);
  });

  it('per authorization counts nothing but the purchase', async () => {
    const card = await limited({ amount: 1_000, interval: 'per_authorization' });
    expect(await isApproved(card, 1_000)).toBe(true);
    expect(await isApproved(card, 1_000)).toBe(true);
    expect(await isApproved(card, 1_001)).toBe(false);
  });

  it('of categories counts these and no others, and the strictest one wins', async () => {
    const card = await limited(
      { amount: 1_000, interval: 'monthly', categories: ['bakeries', 'florists'] },
      { amount: 1_500, interval: 'monthly' },
    );
    expect(await isApproved(card, 700, 'bakeries')).toBe(true);
    expect(await isApproved(card, 301, 'florists')).toBe(false);
    expect(await isApproved(card, 600, 'taxicabs_limousines')).toBe(true);
    expect(await isApproved(card, 201, 'bakeries')).toBe(false);
    expect(await isApproved(card, 200, 'bakeries')).toBe(true);
    expect(await isApproved(card, 1, 'taxicabs_limousines')).toBe(false);
    await goTo('2026-02-01T00:00:00');
    expect(await isApproved(card, 1_000, 'florists')).toBe(true);
  });

  it('of 10,000 USD for each authorization cannot be raised', async () => {
    const card = await limited({ amount: 100_000_000, interval: 'daily' });
    expect(await isApproved(card, 1_000_001)).toBe(false);
    expect(await isApproved(card, 1_000_000)).toBe(true);
    expect(await isApproved(card, 1_000_000)).toBe(true);
  });
});
