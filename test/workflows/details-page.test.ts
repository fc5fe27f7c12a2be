/** The page that the Temporal UI shows for a card, line by line. */
import { describe, expect, test } from 'vitest';
import type { CardState } from '../../src/domain/card-phase.ts';
import { parseCardId } from '../../src/domain/ids.ts';
import { type DetailsView, detailsPage } from '../../workflows/details-page.ts';
import { CARD_STATES, type CardStateName } from '../support/card-states.ts';

const NOW_MS = Date.parse('2026-11-30T09:30:00.123Z');

const page = (state: CardState, view: Partial<DetailsView> = {}): readonly string[] =>
  detailsPage({
    tenantId: 'ten_1',
    cardholderId: 'chr_1',
    state,
    phaseSinceMs: NOW_MS,
    revision: 12,
    history: [],
    unusable: [],
    ...view,
  }).split('\n');

const of = (name: CardStateName): CardState => CARD_STATES[name](NOW_MS);

const pageOf = (name: CardStateName, view: Partial<DetailsView> = {}): readonly string[] =>
  page(of(name), view);

describe('the details page', () => {
  test('tells all of a card that is on its way', () => {
    expect(pageOf('awaiting_delivery')).toEqual([
      '## awaiting_delivery · pending',
      '',
      '- **Since:** 2026-11-30T09:30:00Z',
      '- **Now:** waits for the parcel (pending) until 2026-12-07T09:30:00Z, then a reminder is due',
      '- **Next:** waits for facts until 2026-12-07T09:30:00Z, then delivery_reminder_due',
      '- **Stripe card:** [ic_1](https://dashboard.stripe.com/issuing/cards/ic_1)',
      '- **Issuance attempts:** 1',
      '- **Frozen:** no',
      '- **Cardholder:** chr_1',
      '- **Tenant:** ten_1',
      '- **Saved revision:** 12',
    ]);
  });

  test.each([
    ['kyc · start', 'runs ensureVerification'],
    ['kyc · failed', 'waits for facts until 2026-12-01T09:30:00Z, then kyc_reminder_due'],
    ['activation · frozen', 'waits for facts, without a deadline'],
    ['winding_down · to be checked', 'runs checkSettled'],
    ['closed', 'nothing more to do; a late money fact opens the card again'],
  ] as const)('of %s says what comes next: %s', (name, next) => {
    expect(pageOf(name)).toContain(`- **Next:** ${next}`);
  });

  test('shows since when the phase is, which is not when the present wait began', () => {
    const shown = pageOf('closed', { phaseSinceMs: Date.parse('2026-01-02T03:04:05.678Z') });
    expect(shown).toContain('- **Since:** 2026-01-02T03:04:05Z');
  });

  test('has no link before there is a card at Stripe', () => {
    expect(pageOf('issuance · create')).toContain('- **Stripe card:** none yet');
  });

  test('names whoever froze the card, and whether Stripe shows it', () => {
    const state = of('active');
    const freeze = { ...state.freeze, wanted: true, by: ['operator', 'fraud'] as const };
    expect(page({ ...state, freeze })).toContain(
      '- **Frozen:** yes, by operator, fraud (Stripe does not show it yet)',
    );
    expect(page({ ...state, freeze: { ...freeze, mirrored: true } })).toContain(
      '- **Frozen:** yes, by operator, fraud',
    );
  });

  test('names the card that takes its place, as its workflow is called', () => {
    const replacement = { cardId: parseCardId('card_next'), reason: 'stolen' } as const;
    expect(page({ ...of('active'), replacement })).toContain(
      '- **Replaced (stolen) by:** `card/card_next`',
    );
  });

  test('says that it needs a person, and why', () => {
    expect(pageOf('kyc · failed')).toContain('- **Needs a person:** kyc_failed document_expired');
    expect(pageOf('issuance · await_address')).toContain('- **Needs a person:** address_needed');
    const holder = page({ ...of('active'), holderProblem: 'under_review' });
    expect(holder).toContain('- **Needs a person:** cardholder_problem under_review');
    expect(holder).toContain('- **Stripe on the holder:** under_review');
    expect(pageOf('active').join('\n')).not.toContain('Needs a person');
  });

  test('shows the ten last facts, the newest first', () => {
    const history = Array.from({ length: 10 }, (_, n) => ({
      atMs: NOW_MS + n * 60_000,
      kind: `fact_${n}`,
      effect: 'noted',
    }));
    const shown = pageOf('active', { history });
    const from = shown.indexOf('### Last facts');
    expect(shown.slice(from, from + 5)).toEqual([
      '### Last facts',
      '',
      '| at | fact | effect |',
      '| --- | --- | --- |',
      '| 2026-11-30T09:39:00Z | fact_9 | noted |',
    ]);
    expect(shown.slice(from + 4)).toHaveLength(10);
    expect(shown.at(-1)).toBe('| 2026-11-30T09:30:00Z | fact_0 | noted |');
  });

  test('shows messages that could not be used', () => {
    const shown = pageOf('active', { unusable: ['a signal that holds no list of facts', 'x'] });
    expect(shown.slice(-4)).toEqual([
      '### Messages that could not be used',
      '',
      '- a signal that holds no list of facts',
      '- x',
    ]);
  });
});
