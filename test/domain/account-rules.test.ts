import { describe, expect, it } from 'vitest';
import {
  type AccountStanding,
  movementPostings,
  movementRefusal,
  type StatusCommand,
  statusAfter,
} from '../../src/domain/account-rules.ts';
import { parseAccountId, parseTenantId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { currency } from '../support/sample-request.ts';

type Over = Partial<Omit<AccountStanding, 'availableMinor' | 'heldMinor' | 'creditLimitMinor'>> & {
  readonly available?: number;
  readonly held?: number;
  readonly limit?: number;
};

function account(over: Over = {}): AccountStanding {
  const { available = 500, held = 0, limit = 0, ...rest } = over;
  return {
    id: parseAccountId('acc_1'),
    tenantId: parseTenantId('ten_1'),
    currency: currency('usd'),
    status: 'open',
    availableMinor: minorUnits(available),
    heldMinor: minorUnits(held),
    creditLimitMinor: minorUnits(limit),
    ...rest,
  };
}
const other = (over: Over = {}) => account({ id: parseAccountId('acc_2'), ...over });
const refusal = (from: AccountStanding | null, to: AccountStanding | null, amount = 100) =>
  movementRefusal({ from, to, amountMinor: minorUnits(amount) });

describe('money may move', () => {
  it('from, to and between open accounts, down to the last cent', () => {
    expect(refusal(account(), null, 500)).toBeNull();
    expect(refusal(null, account({ available: -900 }))).toBeNull();
    expect(refusal(account(), other({ available: 0 }), 500)).toBeNull();
  });

  it('as far as the credit limit goes', () => {
    expect(refusal(account({ limit: 100 }), null, 600)).toBeNull();
    expect(refusal(account({ limit: 100 }), null, 601)).toEqual({
      kind: 'insufficient_funds',
      accountId: 'acc_1',
      availableMinor: 500,
      creditLimitMinor: 100,
    });
  });

  it('not out of what is held', () => {
    expect(refusal(account({ held: 100 }), null, 501)).toMatchObject({
      kind: 'insufficient_funds',
    });
  });

  it('not between tenants, nor between currencies, whatever else is wrong', () => {
    const broken = { status: 'closed' as const, available: 0 };
    expect(
      refusal(
        account(broken),
        other({ tenantId: parseTenantId('ten_2'), currency: currency('eur') }),
      ),
    ).toEqual({
      kind: 'tenant_mismatch',
    });
    expect(refusal(account(broken), other({ currency: currency('eur') }))).toEqual({
      kind: 'currency_mismatch',
      from: 'usd',
      to: 'eur',
    });
  });

  it.each(['frozen', 'closed'] as const)('not on an account that is %s', (status) => {
    const refused = (accountId: string) => ({ kind: 'not_open', accountId, status });
    expect(refusal(account({ status, available: 0 }), other())).toEqual(refused('acc_1'));
    expect(refusal(account(), other({ status }))).toEqual(refused('acc_2'));
    expect(refusal(null, other({ status }))).toEqual(refused('acc_2'));
  });

  it('not beyond what a number carries exactly, holds included', () => {
    const full = other({ available: Number.MAX_SAFE_INTEGER - 200, held: 100 });
    expect(refusal(null, full, 100)).toBeNull();
    expect(refusal(null, full, 101)).toEqual({ kind: 'out_of_range', accountId: 'acc_2' });
    expect(refusal(account({ available: Number.MAX_SAFE_INTEGER }), null)).toBeNull();
  });
});

describe('what moves', () => {
  it('goes through the cash at the bank, one posting for each account', () => {
    const amountMinor = minorUnits(1);
    const out = { accountId: 'acc_1', debit: 'available', credit: 'funding' };
    const into = { accountId: 'acc_2', debit: 'funding', credit: 'available' };
    expect(movementPostings({ from: account(), to: other(), amountMinor })).toEqual([out, into]);
    expect(movementPostings({ from: account(), to: null, amountMinor })).toEqual([out]);
    expect(movementPostings({ from: null, to: other(), amountMinor })).toEqual([into]);
  });
});

describe('a command on the status of an account', () => {
  const full = { available: 1, limit: 700 };
  const empty = { available: 0, limit: 700 };

  it.each<[StatusCommand, Over, object]>([
    ['freeze', full, { kind: 'becomes', status: 'frozen', creditLimitMinor: 700 }],
    ['freeze', { status: 'frozen' }, { kind: 'as_wanted' }],
    ['freeze', { status: 'closed' }, { kind: 'is_closed' }],
    [
      'unfreeze',
      { ...full, status: 'frozen' },
      { kind: 'becomes', status: 'open', creditLimitMinor: 700 },
    ],
    ['unfreeze', { status: 'open' }, { kind: 'as_wanted' }],
    ['unfreeze', { status: 'closed' }, { kind: 'is_closed' }],
    ['close', empty, { kind: 'becomes', status: 'closed', creditLimitMinor: 0 }],
    [
      'close',
      { ...empty, status: 'frozen' },
      { kind: 'becomes', status: 'closed', creditLimitMinor: 0 },
    ],
    ['close', full, { kind: 'not_empty' }],
    ['close', { ...empty, available: -1 }, { kind: 'not_empty' }],
    ['close', { ...empty, held: 1 }, { kind: 'not_empty' }],
    ['close', { ...full, status: 'closed' }, { kind: 'as_wanted' }],
    [
      'reopen',
      { ...full, status: 'closed' },
      { kind: 'becomes', status: 'open', creditLimitMinor: 700 },
    ],
    [
      'reopen',
      { ...empty, status: 'closed', held: 1 },
      { kind: 'becomes', status: 'open', creditLimitMinor: 700 },
    ],
    ['reopen', { ...empty, status: 'closed' }, { kind: 'is_empty' }],
    ['reopen', { status: 'open' }, { kind: 'as_wanted' }],
    ['reopen', { ...empty, status: 'frozen' }, { kind: 'as_wanted' }],
  ])('%s of %o leads to %o', (command, over, verdict) => {
    expect(statusAfter(account(over), command)).toEqual(verdict);
  });
});
