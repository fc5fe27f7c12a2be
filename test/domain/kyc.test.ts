/** What views of a check make of a holder's standing, in whatever order and from whatever source they come. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CheckError,
  type CheckStatus,
  type CheckView,
  type KycStanding,
  kycFact,
  kycStep,
  linkAfter,
  standingAfter,
} from '../../src/domain/kyc.ts';

const PENDING: KycStanding = { status: 'pending', viewS: 0, lastError: null };
const error = (failureId: string | null): CheckError => ({
  code: 'document_expired',
  reason: 'The document has expired.',
  failureId,
});
const view = (status: CheckStatus, atS: number, more: Partial<CheckView> = {}): CheckView => ({
  source: 'event',
  status,
  error: null,
  atS,
  ...more,
});
const after = (before: KycStanding, ...views: readonly CheckView[]): KycStanding =>
  views.reduce((standing, seen) => standingAfter(standing, seen) ?? standing, before);

describe('a view of the running check', () => {
  it.each([
    [view('processing', 5), 'pending', 'verification_pending'],
    [view('requires_input', 5), 'pending', 'verification_pending'],
    [view('requires_input', 5, { error: error('1') }), 'failed', 'identity_failed'],
    [view('failed', 5), 'failed', 'identity_failed'],
    [view('canceled', 5), 'failed', 'identity_canceled'],
    [view('verified', 5), 'verified', 'identity_verified'],
    [view('rejected', 5), 'rejected', 'kyc_decided'],
  ])('%o makes the holder %s', (seen, status, kind) => {
    const standing = after(PENDING, seen);
    expect(standing).toMatchObject({ status, viewS: 5 });
    expect(kycFact(standing)).toMatchObject({ kind });
  });

  it('that is older than what is known changes nothing', () => {
    const known = after(PENDING, view('failed', 10, { error: error('1') }));
    for (const source of ['event', 'fetched'] as const) {
      expect(standingAfter(known, view('processing', 9, { source }))).toBeNull();
      expect(standingAfter(known, view('canceled', 9, { source }))).toBeNull();
    }
  });

  it('of the same second as an outcome is no work that goes on', () => {
    const known = after(PENDING, view('failed', 10, { error: error('1') }));
    expect(standingAfter(known, view('processing', 10))).toBeNull();
  });

  it.each(['verified', 'rejected'] as const)('changes nothing once the holder is %s', (status) => {
    const decided = after(PENDING, view(status, 10));
    for (const seen of [
      'requires_input',
      'processing',
      'verified',
      'failed',
      'canceled',
    ] as const) {
      expect(standingAfter(decided, view(seen, 20, { error: error('2') }))).toBeNull();
    }
  });
});

describe('a poll', () => {
  const failed = view('requires_input', 10, { error: error('report_1') });
  const polled = (atS: number, id: string | null) =>
    view('requires_input', atS, { source: 'fetched', error: error(id) });

  it('that shows the known failure once more counts it once, also after the next try was begun', () => {
    const known = after(PENDING, failed);
    expect(standingAfter(known, polled(20, 'report_1'))).toBeNull();
    const retried: KycStanding = { ...known, status: 'pending' };
    expect(standingAfter(retried, polled(20, 'report_1'))).toBeNull();
  });

  it('that shows a new failure tells it', () => {
    const retried: KycStanding = { ...after(PENDING, failed), status: 'pending' };
    expect(after(retried, polled(20, 'report_2'))).toMatchObject({ status: 'failed', viewS: 20 });
  });

  it('keeps the last error while the next try runs', () => {
    const standing = after(PENDING, failed, view('processing', 20, { source: 'fetched' }));
    expect(standing).toMatchObject({ status: 'pending', lastError: { failureId: 'report_1' } });
  });
});

describe('in any order, with repeats', () => {
  const statuses = fc.constantFrom<CheckStatus>('processing', 'requires_input', 'canceled');
  const history = fc
    .uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })
    .chain((seconds) =>
      fc.tuple(...seconds.map((atS) => statuses.map((status) => ({ status, atS })))),
    )
    .map((views) =>
      views.map(({ status, atS }) =>
        view(status, atS, { error: status === 'requires_input' ? error(`r${atS}`) : null }),
      ),
    );

  it('the newest message counts', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat()), (views, repeats) => {
        const newest = views.toSorted((a, b) => b.atS - a.atS)[0];
        const told = [...views, ...repeats.flatMap((n) => views[n % views.length] ?? [])];
        const end = after(PENDING, ...told);
        const alone = newest === undefined ? PENDING : after(PENDING, newest);
        expect([end.status, end.viewS]).toEqual([alone.status, alone.viewS]);
      }),
    );
  });

  it.each(['verified', 'rejected'] as const)('a check that was %s is so', (verdict) => {
    fc.assert(
      fc.property(history, history, fc.nat(60), (before, later, atS) => {
        const end = after(PENDING, ...before, view(verdict, atS), ...later);
        expect(end.status).toBe(verdict);
      }),
    );
  });
});

describe('the link of the running check', () => {
  const waiting: KycStanding = { ...PENDING, viewS: 10 };
  const failure = { error: error('r1') };
  it.each([
    ['is the one that is shown', waiting, view('requires_input', 10, { url: 'u' }), 'u'],
    [
      'is gone when none is shown any more',
      waiting,
      view('requires_input', 10, { url: null }),
      null,
    ],
    ['stays where a view does not tell', waiting, view('processing', 10), undefined],
    [
      'stays where an older view shows another',
      waiting,
      view('processing', 9, { url: 'u' }),
      undefined,
    ],
    ['is used up by a try that failed', waiting, view('requires_input', 10, failure), null],
    [
      'is new where a failed try shows one',
      waiting,
      view('requires_input', 10, { ...failure, url: 'u' }),
      'u',
    ],
    ['ends with the check', waiting, view('canceled', 10, { url: 'u' }), null],
    ['outlives an older end', waiting, view('failed', 9), undefined],
    ['ends with a verdict, however late', waiting, view('verified', 9, { url: 'u' }), null],
    [
      'is none after a verdict',
      { ...waiting, status: 'verified' } as const,
      view('canceled', 11, { url: 'u' }),
      undefined,
    ],
  ])('%s', (_what, before, seen, link) => {
    expect(linkAfter(before, seen)).toBe(link);
  });
});

describe('a card that needs a verified holder', () => {
  const wish = { provider: 'external', validForMs: 1_000 } as const;
  const row = { provider: 'stripe_identity', verifiedAtMs: null } as const;
  it.each([
    ['unverified', row, 'begin'],
    ['pending', row, 'join'],
    ['rejected', row, 'rejected'],
    ['failed', row, 'begin'],
    ['failed', { ...row, provider: 'external' }, 'again'],
    ['verified', { ...row, verifiedAtMs: 9_001 }, 'verified'],
    ['verified', { ...row, verifiedAtMs: 9_000 }, 'begin'],
    // Another card has it renewed meanwhile.
    ['pending', { ...row, verifiedAtMs: 9_001 }, 'verified'],
    ['failed', { ...row, verifiedAtMs: 9_001 }, 'verified'],
    ['pending', { ...row, verifiedAtMs: 9_000 }, 'join'],
    ['rejected', { ...row, verifiedAtMs: 9_001 }, 'rejected'],
  ] as const)('and finds it %s (%o) does: %s', (status, of, step) => {
    expect(kycStep({ ...of, status }, wish, 10_000)).toBe(step);
  });
});
