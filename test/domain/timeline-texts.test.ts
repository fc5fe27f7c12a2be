import { describe, expect, test } from 'vitest';
import { minorUnits } from '../../src/domain/money.ts';
import {
  attentionText,
  decisionText,
  lifecycleText,
  moneyText,
} from '../../src/domain/timeline-texts.ts';

describe('the life of a card', () => {
  test.each([
    ['card_requested', {}, 'Card requested'],
    [
      'phase_changed',
      {
        from: 'awaiting_delivery',
        to: 'activation',
        cause: 'card_seen',
        status: 'inactive',
        shipping: 'delivered',
      },
      'Moved from awaiting delivery to activation: Stripe shows it inactive, the parcel delivered',
    ],
    [
      'phase_changed',
      { from: 'kyc', to: 'closed', cause: 'kyc_decided', approved: false },
      'Moved from kyc to closed: a person rejected',
    ],
    [
      'phase_changed',
      { from: 'active', to: 'winding_down', cause: 'cancel_requested', reason: 'lost' },
      'Moved from active to winding down: cancelled, lost',
    ],
    [
      'phase_changed',
      { from: 'active', to: 'winding_down', cause: 'cancel_requested', reason: 'requested' },
      'Moved from active to winding down: cancelled',
    ],
    ['usage_changed', { from: 'unused', to: 'spending' }, 'Now spending, before unused'],
    ['shipping_changed', { status: 'shipped' }, 'Parcel shipped'],
    [
      'identity_failed',
      { code: 'document_expired' },
      'The identity check failed: document expired',
    ],
    [
      'frozen',
      { by: 'operator', reason: 'asked by phone' },
      'Frozen by the operator: asked by phone',
    ],
    ['unfrozen', { by: 'operator' }, 'The freeze of the operator was lifted'],
    ['token_changed', { wallet: 'apple_pay', status: 'active' }, 'Token of apple pay: active'],
    ['token_changed', { wallet: null, status: 'deleted' }, 'Token of a merchant: deleted'],
    ['cancel_requested', { reason: 'stolen' }, 'Cancellation requested: stolen'],
    ['freeze_mirrored', { frozen: true }, 'Stripe shows the freeze'],
    [
      'command_decide_kyc',
      { approved: true, reason: 'seen in person' },
      'A person approved the cardholder: seen in person',
    ],
  ])('%s is told as a line', (kind, body, text) => {
    expect(lifecycleText(kind, body)).toBe(text);
  });

  test('is told by the names where nobody has written a line', () => {
    const body = { version: 3, refused: false, nested: { a: 1 }, nothing: null };
    expect(lifecycleText('mirror_wanted', body)).toBe('Mirror wanted: version 3, refused false');
    expect(lifecycleText('toString', {})).toBe('ToString');
    const moved = { from: 'active', to: 'winding_down', cause: 'constructor' };
    expect(lifecycleText('phase_changed', moved)).toBe(
      'Moved from active to winding down: constructor',
    );
  });
});

describe('a decision', () => {
  const purchase = {
    approved: true,
    currency: 'usd',
    askedMinor: minorUnits(1_250),
    approvedMinor: minorUnits(1_250),
    merchant: 'Corner Cafe',
    explanation: 'An explanation.',
    answer: null,
  } as const;

  test.each([
    [{}, 'Approved 12.50 USD at Corner Cafe'],
    [{ merchant: null }, 'Approved 12.50 USD'],
    [{ currency: 'jpy' }, 'Approved 1250 JPY at Corner Cafe'],
    [{ approvedMinor: minorUnits(1_000) }, 'Approved 10.00 USD of 12.50 USD at Corner Cafe'],
    [
      { askedMinor: minorUnits(0), approvedMinor: minorUnits(0) },
      'Approved a check of the card at Corner Cafe',
    ],
    [{ answer: { approved: true } }, 'Approved 12.50 USD at Corner Cafe'],
    // Another answer had left: the sentence says what became of it.
    [{ answer: { approved: false } }, 'Approved 12.50 USD at Corner Cafe. An explanation.'],
    [
      { approved: false, approvedMinor: minorUnits(0) },
      'Declined 12.50 USD at Corner Cafe. An explanation.',
    ],
    [
      {
        approved: false,
        currency: null,
        askedMinor: null,
        merchant: null,
        approvedMinor: minorUnits(0),
      },
      'Declined. An explanation.',
    ],
  ])('with %o is told with its amount, and a decline with its reason', (over, text) => {
    expect(decisionText({ ...purchase, ...over })).toBe(text);
  });
});

describe('money', () => {
  const line = { amountMinor: 900, currency: 'usd', merchant: 'Shop', flags: [] };

  test.each([
    ['hold', [], 'Held 9.00 USD at Shop'],
    ['release', [], 'Released 9.00 USD that were held at Shop'],
    ['capture', [], 'Captured 9.00 USD at Shop'],
    ['capture', ['forced_capture'], 'Captured by force 9.00 USD at Shop'],
    ['refund', [], 'Refunded 9.00 USD by Shop'],
    ['refund', ['unlinked_refund'], 'Refunded without a purchase 9.00 USD by Shop'],
    [
      'suspense_resolution',
      [],
      'Booked 9.00 USD at Shop, which had waited for its card to become known',
    ],
    ['dispute_opened', [], 'Dispute opened of 9.00 USD at Shop'],
  ])('%s with the flags %j', (kind, flags, text) => {
    expect(moneyText({ ...line, kind, flags })).toBe(text);
  });

  test('of a currency that nobody mints is told in minor units', () => {
    expect(moneyText({ ...line, kind: 'hold', currency: 'zzz', merchant: null })).toBe(
      'Held 900 minor units',
    );
  });
});

test('an attention item is told when it is opened and when it is closed', () => {
  const item = {
    kind: 'issuance_blocked',
    details: { detail: 'requirements_past_due', phase: 'issuance' },
  };
  expect(attentionText({ ...item, resolution: null })).toBe(
    'Needs a person: issuance blocked, requirements past due',
  );
  expect(attentionText({ ...item, resolution: 'the card moved on' })).toBe(
    'No longer needs a person (issuance blocked): the card moved on',
  );
});

test('a warning is told with what a person is offered to do about it', () => {
  const details = { type: 'third_party_reported', offer: 'replace', reason: 'stolen' };
  expect(attentionText({ kind: 'fraud_warning', details, resolution: null })).toBe(
    'Needs a person: fraud warning. Offered: replace as stolen',
  );
  expect(lifecycleText('fraud_warned', { type: 'third_party_reported' })).toBe(
    'Stripe warns of fraud: third party reported',
  );
});
