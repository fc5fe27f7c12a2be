/**
 * Records the histories that the replay test keeps: npm run histories:record.
 * vitest.config.ts then takes this file in place of the tests; `-- -t 'part of a name'` records some of them.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { UPGRADE_SIGNAL } from '../../src/domain/card-contract.ts';
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import {
  DELIVERY_OVERDUE_AFTER_MS,
  DELIVERY_REMINDER_AFTER_MS,
  DORMANT_AFTER_MS,
  KYC_POLL_MS,
  REFUSAL_RETRY_MS,
  RENEWAL_LEAD_MS,
  REQUIREMENTS_POLL_MS,
  WIND_DOWN_MS,
} from '../../src/domain/limits.ts';
import { CARD_STATES } from '../support/card-states.ts';
import { COMMANDS } from '../support/card-tables.ts';
import { eventually } from '../support/eventually.ts';
import {
  type CardEnvironment,
  createCardEnvironment,
  createRealEnvironment,
} from '../workflows/card-environment.ts';
import { CardWorld, seen, stripeCardOf } from '../workflows/card-world.ts';
import { withAnswer } from './patch-guards.ts';
import { createRecorder, nearDeadline, type Recorder, soonMs } from './recorder.ts';

/** Raised before something is recorded anew: recordings of earlier code stay beside those of later code. */
const GENERATION = '0003';

const verified = { kind: 'identity_verified' } as const;
const { replace } = COMMANDS;
const replaced: CardFact = { kind: 'replaced', replacementId: replace.replacementId };
const digest = (purchases: number): CardFact => ({
  kind: 'spending_digest',
  purchases,
  lastPurchaseMs: 1,
});
type Created = Extract<CardFact, { kind: 'card_created' }>;
const created = (fields: Partial<Created> = {}): Created => ({
  kind: 'card_created',
  stripeCardId: stripeCardOf(1),
  status: 'inactive',
  shippingStatus: null,
  ...fields,
});
const fetchedActive = seen(1, { source: 'fetched', status: 'active' });

let recorder: Recorder;

/** Only one of the two servers may be there at a time. */
function cardsLiveOn(create: () => Promise<CardEnvironment>): void {
  beforeAll(async () => {
    recorder = createRecorder(GENERATION, await create());
  }, 60_000);
  afterAll(() => recorder.cards.close());
}

const start = ({ cardId }: CardWorld) => recorder.cards.workflows.start(cardId);
const tell = ({ cardId }: CardWorld, ...facts: readonly CardFact[]) =>
  recorder.cards.tell(cardId, ...facts);
/** Waits for what is not saved at once. */
const shows = (world: CardWorld, check: (state: CardState) => boolean) =>
  recorder.cards.shows(world, check);

/** What is left to the cards that are about to expire. */
const EXPIRES_AFTER_MS = 3 * 24 * 3_600_000;

/** The holder answers nothing: asked about soon, then a reminder and the deadline, each this much later. */
const unverified = (eachMs: number): CardWorld =>
  nearDeadline('kyc · pending', KYC_POLL_MS, (state) => {
    const reminderAfterMs = KYC_POLL_MS + eachMs;
    const kyc = { ...state.terms.kyc, reminderAfterMs, deadlineMs: reminderAfterMs + eachMs };
    return { ...state, terms: { ...state.terms, kyc } };
  });

describe('on a real server', () => {
  cardsLiveOn(createRealEnvironment);

  test('virtual: fails KYC twice, is frozen, follows its settings, spends and is lost', async () => {
    const world = await recorder.cards.inKyc('virtual');
    world.answers.readCard = () => fetchedActive;
    await tell(world, { kind: 'identity_failed', code: 'document_expired' });
    await world.saved((s) => s.phase === 'kyc' && s.step === 'failed');
    await recorder.command(world, 'retryKyc', {});
    await shows(world, (s) => s.phase === 'kyc' && s.step === 'pending' && s.kycAttempt === 2);
    await tell(world, { kind: 'identity_canceled' });
    await world.saved((s) => s.phase === 'kyc' && s.step === 'failed' && s.kycAttempt === 2);
    await tell(world, verified);
    await world.inPhase('active');
    await tell(world, { kind: 'freeze_changed', frozen: true, version: 2, by: ['cardholder'] });
    await world.saved((s) => s.freeze.mirrored);
    await tell(world, { kind: 'freeze_changed', frozen: false, version: 3, by: [] });
    await world.saved((s) => !s.freeze.mirrored);
    await tell(world, { kind: 'mirror_wanted', what: 'controls', version: 1 });
    await world.saved((s) => s.mirrors.controls.done === 1);
    await tell(world, { kind: 'mirror_wanted', what: 'holder', version: 1 });
    await world.saved((s) => s.mirrors.holder.done === 1);
    await tell(world, seen(1));
    await eventually(() => world.calls.includes('readCard'));
    await tell(world, { kind: 'cardholder_changed', problem: 'requirements.past_due' });
    await world.saved((s) => s.holderProblem !== null);
    await tell(world, { kind: 'purchase_seen' });
    await world.saved((s) => s.phase === 'active' && s.usage === 'spending');
    await tell(world, digest(3));
    await shows(world, (s) => s.phase === 'active' && s.purchases === 3);
    await recorder.command(world, 'cancel', { reason: 'lost' });
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await tell(world, { kind: 'money_seen', cause: 'refund' });
    await eventually(() => world.notes.includes('money_seen'));
    await recorder.keep('virtual', world);
  });

  test('reissued: comes back twice, is active before we say so, and is replaced', async () => {
    const world = await recorder.cards.inKyc('physical');
    world.answers.activateCard = () => ({ kind: 'activation_refused', code: 'not_yet' });
    await recorder.command(world, 'decideKyc', { approved: true });
    await world.inPhase('awaiting_delivery');
    await tell(world, seen(1, { shippingStatus: 'shipped' }));
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.shipping === 'shipped');
    await tell(world, seen(1, { shippingStatus: 'returned' }));
    await world.saved((s) => s.phase === 'issuance' && s.step === 'await_address');
    await recorder.command(world, 'correctShipping', {});
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.attempt === 2);
    await recorder.command(world, 'confirmDelivery', {});
    await world.saved((s) => s.phase === 'activation' && s.refused !== null);
    await tell(world, seen(2, { shippingStatus: 'failure' }));
    await world.saved((s) => s.phase === 'issuance' && s.step === 'await_address');
    await tell(world, { kind: 'shipping_corrected' });
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.attempt === 3);
    await tell(world, seen(3, { status: 'active' }));
    await world.inPhase('active');
    await recorder.command(world, 'replace', replace);
    await tell(world, replaced);
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('reissued', world);
  });

  test('unverified: nobody answers the KYC, which is asked about, reminded of and given up', async () => {
    const world = unverified(2_000);
    await start(world);
    await recorder.cards.ended(world.cardId);
    await recorder.keep('unverified', world);
  });

  test('refused: Stripe asks for something, for a field, and then refuses for good', async () => {
    const world = nearDeadline('issuance · blocked', REQUIREMENTS_POLL_MS);
    world.answers.issueCard = (times) =>
      times === 1
        ? { kind: 'issuance_blocked', reason: 'invalid:phone_number' }
        : { kind: 'issuance_refused', code: 'rejected.listed' };
    await start(world);
    await world.saved((s) => s.phase === 'issuance' && s.blockedReason === 'invalid:phone_number');
    await recorder.command(world, 'retryIssuance', {});
    await recorder.cards.ended(world.cardId);
    await recorder.keep('refused', world);
  });

  test('called-off: cancelled while Stripe gives no answer about the card it was asked for', async () => {
    const world = new CardWorld(CARD_STATES['issuance · create'](Date.now()));
    world.answers.issueCard = () => {
      throw new Error('Stripe is away');
    };
    await start(world);
    await eventually(() => world.calls.includes('issueCard'));
    await recorder.command(world, 'cancel', { reason: 'requested' });
    await recorder.cards.ended(world.cardId);
    await recorder.keep('called-off', world);
  });

  test('expired: active as soon as it is made, and not renewed', async () => {
    const world = new CardWorld(CARD_STATES['issuance · create'](Date.now()));
    world.answers.issueCard = () => created({ status: 'active', expiresMs: soonMs() });
    world.answers.renewCard = () => ({ kind: 'renewal_skipped', reason: 'the holder is blocked' });
    await start(world);
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('expired', world);
  });

  test('renewed: its successor is asked for ahead of the expiry, and takes its place', async () => {
    const world = nearDeadline('active · in its last year', 0, (state) =>
      state.phase === 'active'
        ? { ...state, expiresMs: soonMs() + RENEWAL_LEAD_MS[state.type] }
        : state,
    );
    await start(world);
    const { replacement } = await world.saved((s) => s.replacement !== null);
    if (replacement === null) throw new Error('no replacement');
    await tell(world, { kind: 'replaced', replacementId: replacement.cardId });
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('renewed', world);
  });

  test('settled and reopened: closes after its windows, and is opened again by a late capture', async () => {
    const world = nearDeadline('winding_down', WIND_DOWN_MS);
    await start(world);
    await recorder.cards.ended(world.cardId);
    await recorder.keep('settled', world);
    await tell(world, { kind: 'money_seen', cause: 'capture' });
    await world.inPhase('winding_down');
    await recorder.keep('reopened', world);
  });

  test('unsettled: an authorization is still open when the windows have passed', async () => {
    const world = new CardWorld(CARD_STATES['winding_down · to be checked'](Date.now()));
    world.answers.checkSettled = () => ({ kind: 'unsettled' });
    await start(world);
    await world.saved((s) => s.phase === 'winding_down' && !s.checkDue);
    await recorder.keep('unsettled', world);
  });

  test('late: the parcel takes long, and arrives while the card is frozen', async () => {
    const world = nearDeadline('awaiting_delivery', DELIVERY_REMINDER_AFTER_MS);
    await start(world);
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.late === 'reminded');
    await tell(world, { kind: 'freeze_changed', frozen: true });
    await tell(world, seen(1, { shippingStatus: 'delivered' }));
    await world.inPhase('activation');
    await tell(world, { kind: 'freeze_changed', frozen: false });
    await world.inPhase('active');
    await recorder.keep('late', world);
  });

  test('overdue: the parcel never arrives, and the card is stolen', async () => {
    const world = nearDeadline('awaiting_delivery · reminded', DELIVERY_OVERDUE_AFTER_MS);
    await start(world);
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.late === 'overdue');
    await recorder.command(world, 'cancel', { reason: 'stolen' });
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('overdue', world);
  });

  test('not-activated: refused again after a pause, and replaced as lost', async () => {
    const world = nearDeadline('activation · refused', REFUSAL_RETRY_MS);
    world.answers.activateCard = () => ({ kind: 'activation_refused', code: 'not_yet' });
    await start(world);
    await world.saved((s) => s.phase === 'activation' && s.refused === 'not_yet');
    await recorder.command(world, 'replace', { ...replace, reason: 'lost' });
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('not-activated', world);
  });

  test('freeze-refused: not frozen at Stripe, replaced in vain, and then not known there', async () => {
    const world = nearDeadline('active · freeze refused', REFUSAL_RETRY_MS);
    world.answers.mirrorFreeze = () => ({ kind: 'freeze_refused', frozen: true, code: 'not_yet' });
    world.answers.readCard = () => ({
      kind: 'card_unknown_at_stripe',
      stripeCardId: stripeCardOf(1),
    });
    await start(world);
    await world.saved((s) => s.phase === 'active' && s.freeze.refused?.code === 'not_yet');
    await recorder.command(world, 'replace', replace);
    await tell(world, { kind: 'replacement_failed', replacementId: replace.replacementId });
    await world.saved((s) => s.phase === 'active' && s.renewalSkipped !== null);
    await tell(world, seen(1));
    await eventually(() => world.calls.includes('readCard'));
    await recorder.keep('freeze-refused', world);
  });

  test('not-canceled: Stripe refuses to cancel it, again after a pause', async () => {
    const world = nearDeadline('winding_down · not canceled', REFUSAL_RETRY_MS);
    world.answers.cancelAtStripe = () => ({ kind: 'cancel_refused', code: 'not_yet' });
    await start(world);
    await world.saved((s) => s.phase === 'winding_down' && s.cancelRefused === 'not_yet');
    await recorder.keep('not-canceled', world);
  });

  test('expired-in-the-post: its month ends while the parcel is on its way', async () => {
    const world = nearDeadline('awaiting_delivery · about to expire', EXPIRES_AFTER_MS);
    await start(world);
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('expired-in-the-post', world);
  });

  test('expired-frozen: its month ends while a freeze keeps it from its activation', async () => {
    const world = nearDeadline('activation · frozen, about to expire', EXPIRES_AFTER_MS);
    await start(world);
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await recorder.keep('expired-frozen', world);
  });

  test('upgraded and continued: dormant, told nonsense, and moved to new code', async () => {
    const world = nearDeadline('active', DORMANT_AFTER_MS);
    world.answers.readCard = () => fetchedActive;
    await start(world);
    await world.saved((s) => s.phase === 'active' && s.usage === 'dormant');
    const first = await recorder.command(world, 'replace', replace);
    await recorder.signal(world, 'nobody_knows_this', { any: 'thing' });
    await recorder.signal(world, 'facts', [
      { factId: '900001', fact: { kind: 'from_the_future' } },
    ]);
    await recorder.signal(world, 'facts', 'no list');
    await eventually(() => world.closedFactIds.includes('900001'));
    const run = await recorder.runId(world);
    await recorder.signal(world, UPGRADE_SIGNAL);
    await recorder.renewed(world, run);
    await recorder.keep('upgraded', world, run);
    expect(await recorder.command(world, 'replace', replace)).toEqual(first);
    await tell(world, { kind: 'purchase_seen' });
    await world.saved((s) => s.phase === 'active' && s.usage === 'spending');
    await recorder.keep('continued', world);
  });

  test('capped and carried: more facts in one batch than a run takes', async () => {
    const world = new CardWorld(CARD_STATES.active(Date.now()));
    await recorder.cards.startWith({ cardId: world.cardId, factsPerRunMax: 4 });
    await eventually(() => world.loads === 1);
    const run = await recorder.runId(world);
    await tell(world, ...[1, 2, 3, 4, 5, 6].map(digest));
    await recorder.renewed(world, run);
    await recorder.keep('capped', world, run);
    await shows(world, (s) => s.phase === 'active' && s.purchases === 6);
    await recorder.keep('carried', world);
  });

  test('crowded: hears much that changes nothing, one by one and then in a crowd', async () => {
    const world = new CardWorld(CARD_STATES.active(Date.now()));
    await start(world);
    for (let n = 1; n <= 6; n += 1) {
      const [fact = ''] = await tell(world, digest(n));
      await eventually(() => world.closedFactIds.includes(fact));
    }
    await tell(world, ...Array.from({ length: 120 }, (_, n) => digest(7 + n)));
    await shows(world, (s) => s.phase === 'active' && s.purchases === 126);
    await tell(world, { kind: 'freeze_changed', frozen: true });
    await world.saved((s) => s.freeze.mirrored);
    await recorder.keep('crowded', world);
  });

  test('overtaken: another run has saved a later state', async () => {
    const world = new CardWorld(CARD_STATES.active(Date.now()));
    await start(world);
    await tell(world, { kind: 'purchase_seen' });
    const state = await world.saved((s) => s.phase === 'active' && s.usage === 'spending');
    const last = world.saves.at(-1);
    if (last === undefined) throw new Error('nothing is saved');
    world.saves.push({ ...last, revision: last.revision + 50, writer: 'another run', state });
    const run = await recorder.runId(world);
    await tell(world, { kind: 'freeze_changed', frozen: true });
    await recorder.renewed(world, run);
    await recorder.keep('overtaken', world, run);
  });

  test('deployed: asked about before a deployment and after it, in one run', async () => {
    const code = await readFile(inject('workflowBundlePath'), 'utf8');
    await recorder.cards.deploy(withAnswer(code, 'look-is-bounded', false));
    const world = unverified(4_000);
    await start(world);
    await shows(world, (s) => s.phase === 'kyc' && s.polledMs > Date.now() - KYC_POLL_MS / 2);
    await recorder.cards.deploy(code);
    await recorder.cards.ended(world.cardId);
    await recorder.keep('deployed', world);
  });
});

describe('on a server that skips time', () => {
  cardsLiveOn(createCardEnvironment);

  test('given-up: nobody answers the looks at the carrier, and a person is told all the same', async () => {
    const world = await recorder.cards.requestedCard('physical');
    world.answers.readCard = () => {
      throw new Error('Stripe is away');
    };
    await start(world);
    await tell(world, verified);
    await world.inPhase('awaiting_delivery');
    await recorder.cards.env.sleep('15 days');
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.late === 'overdue');
    await recorder.keep('given-up', world);
  });
});
