import { describe, expect, it } from 'vitest';
import type { AuthorizationSnapshot } from '../../src/domain/authorization-state.ts';
import { differencesOf, type OurCard } from '../../src/domain/drift.ts';
import {
  parseAuthorizationId,
  parseStripeCardId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { minorUnits, parseCurrency } from '../../src/domain/money.ts';
import type { CardSighting, Sighting } from '../../src/domain/sighting.ts';

const stripeCardId = parseStripeCardId('ic_1');

const ours: OurCard = {
  kind: 'card',
  phase: 'active',
  status: 'active',
  cancellationReason: null,
  last4: '4242',
  expMonth: 12,
  expYear: 2030,
  shippingStatus: 'shipped',
  carrier: 'dhl',
  trackingNumber: '1',
  trackingUrl: null,
  etaS: null,
  fraudWarnedS: null,
  isErased: false,
};

const theirs: CardSighting = {
  kind: 'card',
  source: 'fetched',
  stripeCardId,
  atS: 100,
  status: 'active',
  previousStatus: null,
  cancellationReason: null,
  last4: '4242',
  expMonth: 12,
  expYear: 2030,
  shippingStatus: 'shipped',
  carrier: 'dhl',
  trackingNumber: '1',
  trackingUrl: null,
  fraudWarning: null,
  etaS: null,
};

describe('a card', () => {
  it('that is alike on both sides differs in nothing', () => {
    expect(differencesOf(ours, theirs)).toEqual([]);
  });

  it('differs in what Stripe adds, and not in what Stripe leaves out or shows of an older step', () => {
    const older = { ...theirs, carrier: null, shippingStatus: 'submitted' } as const;
    expect(differencesOf(ours, older)).toEqual([]);
    const newer: CardSighting = {
      ...theirs,
      shippingStatus: 'delivered',
      expYear: 2031,
      fraudWarning: { type: 'card_testing_exposure', startedS: 90 },
    };
    expect(differencesOf(ours, newer)).toEqual([
      { field: 'exp_year', ours: '2030', theirs: '2031', canRepair: true },
      { field: 'shipping_status', ours: 'shipped', theirs: 'delivered', canRepair: true },
      { field: 'fraud_warning', ours: 'none', theirs: '90', canRepair: true },
    ]);
    expect(differencesOf({ ...ours, fraudWarnedS: 90 }, newer)).toHaveLength(2);
  });

  it('that is cancelled here alone, or closed here and alive at Stripe, is for a person', () => {
    expect(differencesOf({ ...ours, status: 'canceled' }, theirs)).toEqual([
      { field: 'status', ours: 'canceled', theirs: 'active', canRepair: false },
    ]);
    expect(differencesOf({ ...ours, phase: 'closed' }, theirs)).toEqual([
      { field: 'phase', ours: 'closed', theirs: 'active', canRepair: false },
    ]);
    const canceled = { ...theirs, status: 'canceled', cancellationReason: 'lost' } as const;
    expect(differencesOf(ours, canceled)).toMatchObject([
      { field: 'status', canRepair: true },
      { field: 'cancellation_reason', canRepair: true },
    ]);
  });
});

const usd = parseCurrency('usd');
if (usd === undefined) throw new Error('usd is a currency');

const view: AuthorizationSnapshot = {
  authorizationId: parseAuthorizationId('iauth_1'),
  stripeCardId,
  rank: { source: 'event', atS: 50 },
  status: 'pending',
  approved: true,
  amountMinor: minorUnits(1_000),
  currency: usd,
  createdS: 50,
  history: [],
  metadataKeys: [],
  merchant: { name: null, category: '', categoryCode: '', country: null, networkId: null },
  captures: [],
  previous: null,
};

const seen = (changes: Partial<AuthorizationSnapshot>): Sighting => ({
  kind: 'authorization',
  snapshot: { ...view, rank: { source: 'fetched', atS: 100 }, ...changes },
  transactions: [],
});

describe('an authorization', () => {
  it('differs in what moves its hold', () => {
    const known = { kind: 'authorization', newest: [view] } as const;
    expect(differencesOf(known, seen({}))).toEqual([]);
    const captures = [{ transactionId: parseTransactionId('ipi_1'), amountMinor: null }];
    expect(differencesOf(known, seen({ status: 'closed', captures }))).toMatchObject([
      { field: 'status', ours: 'pending', theirs: 'closed' },
      { field: 'captures', ours: 'none', theirs: 'ipi_1' },
    ]);
  });

  it('that only a decision of ours has told, or views that contradict each other, differs', () => {
    const unseen = { kind: 'authorization', newest: [] } as const;
    expect(differencesOf(unseen, seen({}))).toMatchObject([{ field: 'view', ours: 'none' }]);
    const other = { ...view, amountMinor: minorUnits(500) };
    const tied = { kind: 'authorization', newest: [view, other] } as const;
    expect(differencesOf(tied, seen({}))).toMatchObject([{ field: 'view' }]);
  });
});

it('what is unknown here is known at Stripe', () => {
  expect(differencesOf(undefined, seen({}))).toEqual([
    { field: 'object', ours: 'unknown', theirs: 'known', canRepair: true },
  ]);
});
