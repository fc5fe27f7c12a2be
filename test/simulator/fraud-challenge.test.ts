import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decision, type Program, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
  await program.control('PUT', '/_sim/accounts/platform/settings', { fraudChallenges: 'on' });
  await program.subscribe();
});
afterEach(() => program.close());

const HIGH_RISK = { risk_assessment: { fraud_risk: { level: 'highest' } } } as const;
const helpers = () => program.stripe.testHelpers.issuing.authorizations;
const buy = (card: { id: string }, params: object = {}) =>
  helpers().create({ card: card.id, amount: 1_000, ...params });

async function cardOf(phone: string | undefined) {
  const params = phone === undefined ? {} : { phone_number: phone };
  return program.card({ cardholder: (await program.cardholder(params)).id });
}

const PENDING = { channel: 'sms', status: 'pending', undeliverable_reason: null };

describe('a fraud challenge', () => {
  it('goes out when Stripe suspects fraud; once confirmed, the retry is asked for as verified', async () => {
    await program.decideWith((received) => decision(received, { approved: true }));
    const card = await cardOf('+14155550132');
    const declined = await buy(card, HIGH_RISK);
    expect(declined).toMatchObject({
      approved: false,
      status: 'closed',
      fraud_challenges: [PENDING],
      request_history: [{ reason: 'suspected_fraud' }],
    });
    expect(await helpers().respond(declined.id, { confirmed: true })).toMatchObject({
      approved: false,
      fraud_challenges: [{ ...PENDING, status: 'verified' }],
    });
    const retried = await buy(card, HIGH_RISK);
    expect(retried).toMatchObject({
      approved: true,
      verified_by_fraud_challenge: true,
      fraud_challenges: null,
    });
    const seen = await told(program, 'issuing_authorization');
    expect(seen.map(({ type, previous }) => [type, previous])).toEqual([
      ['authorization.created', undefined],
      ['authorization.updated', { fraud_challenges: [PENDING] }],
      ['authorization.request', undefined],
      ['authorization.created', undefined],
    ]);
    expect(seen[0]?.object).toMatchObject({ fraud_challenges: [PENDING] });
    expect(seen[2]?.object).toMatchObject({ verified_by_fraud_challenge: true });
    // A confirmation serves once, and only where the purchase was.
    expect(await buy(card, HIGH_RISK)).toMatchObject({ approved: false });
  });

  it('that is confirmed does not help at another merchant, nor one that is rejected', async () => {
    const card = await cardOf('+14155550132');
    const first = await buy(card, HIGH_RISK);
    await helpers().respond(first.id, { confirmed: true });
    const elsewhere = { ...HIGH_RISK, merchant_data: { name: 'Elsewhere' } };
    const second = await buy(card, elsewhere);
    expect(second).toMatchObject({ approved: false, verified_by_fraud_challenge: null });
    expect(await helpers().respond(second.id, { confirmed: false })).toMatchObject({
      fraud_challenges: [{ status: 'rejected' }],
    });
    expect(await buy(card, elsewhere)).toMatchObject({ approved: false });
    expect(await buy(card, HIGH_RISK)).toMatchObject({ approved: true });
  });

  describe('that is confirmed', () => {
    const confirmed = async (card: { id: string }, params: object = HIGH_RISK) => {
      const { id } = await buy(card, params);
      return helpers().respond(id, { confirmed: true });
    };
    const RETRIED = { approved: true, verified_by_fraud_challenge: true };

    it('is not used up by a purchase that is not suspicious, nor by one declined for another reason', async () => {
      const card = await cardOf('+14155550132');
      await confirmed(card);
      expect(await buy(card, { amount: 5 })).toMatchObject({
        approved: true,
        verified_by_fraud_challenge: null,
      });
      await program.control('POST', `/_sim/issuing/cards/${card.id}/decline_next`, {
        reason: 'insufficient_funds',
      });
      expect(await buy(card, HIGH_RISK)).toMatchObject({
        approved: false,
        request_history: [{ reason: 'insufficient_funds' }],
      });
      expect(await buy(card, HIGH_RISK)).toMatchObject(RETRIED);
    });

    it('helps only up to the amount that was confirmed', async () => {
      const card = await cardOf('+14155550132');
      await confirmed(card);
      expect(await buy(card, { ...HIGH_RISK, amount: 1_001 })).toMatchObject({
        approved: false,
        verified_by_fraud_challenge: null,
      });
      expect(await buy(card, { ...HIGH_RISK, amount: 999 })).toMatchObject(RETRIED);
    });

    it.each([
      [15 * 60 - 1, RETRIED],
      [15 * 60, { approved: false, verified_by_fraud_challenge: null }],
    ])('helps for 15 minutes: %i seconds later', async (seconds, expected) => {
      const card = await cardOf('+14155550132');
      await confirmed(card);
      await program.control('POST', '/_sim/clock/advance', { seconds });
      expect(await buy(card, HIGH_RISK)).toMatchObject(expected);
    });

    it('helps at the card that replaces the one that was declined', async () => {
      const cardholder = (await program.cardholder({ phone_number: '+14155550132' })).id;
      const card = await program.card({ cardholder });
      const { id } = await buy(card, HIGH_RISK);
      await program.stripe.issuing.cards.update(card.id, {
        status: 'canceled',
        cancellation_reason: 'lost',
      });
      const replacement = await program.card({
        cardholder,
        replacement_for: card.id,
        replacement_reason: 'lost',
      });
      await helpers().respond(id, { confirmed: true });
      expect(await buy(replacement, HIGH_RISK)).toMatchObject(RETRIED);
      expect(await buy(replacement, HIGH_RISK)).toMatchObject({ approved: false });
    });

    it('is shown once to the endpoint that had asked for it', async () => {
      await program.decideWith((received) => {
        const asked = received.event.data.object as { verified_by_fraud_challenge: boolean | null };
        return asked.verified_by_fraud_challenge === true
          ? decision(received, { approved: true })
          : decision(received, { approved: false, send_fraud_challenges: ['sms'] });
      });
      const card = await cardOf('+14155550132');
      await confirmed(card, {});
      expect(await buy(card)).toMatchObject(RETRIED);
      expect(await buy(card)).toMatchObject({ approved: false });
    });
  });

  it('goes out when the endpoint asks for it', async () => {
    await program.decideWith((received) =>
      decision(received, { approved: false, send_fraud_challenges: ['sms'] }),
    );
    const card = await cardOf('+14155550132');
    expect(await buy(card)).toMatchObject({
      approved: false,
      fraud_challenges: [PENDING],
      request_history: [{ reason: 'webhook_declined' }],
    });
  });

  it.each([
    ['an unknown channel', { approved: false, send_fraud_challenges: ['email'] }],
    ['no list', { approved: false, send_fraud_challenges: 'sms' }],
    ['an approval', { approved: true, send_fraud_challenges: ['sms'] }],
  ])('is not possible with %s', async (_name, answer) => {
    await program.decideWith((received) => decision(received, answer));
    expect(await buy(await cardOf('+14155550132'))).toMatchObject({
      approved: false,
      fraud_challenges: null,
      request_history: [{ reason: 'webhook_error' }],
    });
  });

  it.each([
    ['no_phone_number', undefined],
    ['unsupported_phone_number', '+881612345678'],
  ])('cannot be delivered: %s', async (reason, phone) => {
    const declined = await buy(await cardOf(phone), HIGH_RISK);
    expect(declined.fraud_challenges).toEqual([
      { channel: 'sms', status: 'undeliverable', undeliverable_reason: reason },
    ]);
    const error = await refusal(helpers().respond(declined.id, { confirmed: true }));
    expect(error.statusCode).toBe(400);
  });

  it('expires by the clock, after which nobody can answer it', async () => {
    const card = await cardOf('+14155550132');
    const declined = await buy(card, HIGH_RISK);
    await program.control('POST', '/_sim/clock/advance', { seconds: 15 * 60 });
    const { fraud_challenges: challenges } = await program.stripe.issuing.authorizations.retrieve(
      declined.id,
    );
    expect(challenges).toEqual([{ ...PENDING, status: 'expired' }]);
    const last = (await told(program, 'issuing_authorization')).at(-1);
    expect(last).toMatchObject({
      type: 'authorization.updated',
      previous: { fraud_challenges: [PENDING] },
    });
    const error = await refusal(helpers().respond(declined.id, { confirmed: true }));
    expect(error.message).toContain('no pending fraud challenge');
    expect(await buy(card, HIGH_RISK)).toMatchObject({ approved: false });
  });

  it('never goes out where the account has them off', async () => {
    await program.control('PUT', '/_sim/accounts/platform/settings', { fraudChallenges: 'off' });
    const declined = await buy(await cardOf('+14155550132'), HIGH_RISK);
    expect(declined).toMatchObject({ approved: false, status: 'closed' });
    expect(declined).not.toHaveProperty('fraud_challenges');
  });
});
