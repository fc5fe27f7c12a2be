/** Records of accounts that are not open: the network does not ask, so they are booked and say so. */
import { describe, expect, it } from 'vitest';
import {
  apply,
  booksOf,
  linesOf,
  sampleAccount,
  sampleCard,
  sampleTransaction,
  sampleUnlinked,
  seen,
  written,
} from '../support/sample-books.ts';

const recorded = { kind: 'card_recorded', stripeCardId: sampleCard().stripeCardId } as const;
const nobody = booksOf({ cards: [] });

describe('a record of an account that is not open', () => {
  const on = (status: 'open' | 'frozen' | 'closed') =>
    booksOf({ accounts: [sampleAccount({ status })] });
  const flagsOf = (change: ReturnType<typeof apply>) =>
    change.transactions.flatMap(({ state }) => state.flags);

  it.each(['frozen', 'closed'] as const)('is booked all the same, and says so: %s', (status) => {
    const flag = `account_${status}`;
    const linked = apply(on(status), seen(sampleTransaction()));
    expect(linesOf(linked)).toEqual(['capture: available → network_settlement 1000']);
    expect(flagsOf(linked)).toEqual([flag]);
    // What a person has to settle is told of the account; the record itself is in order.
    expect(linked.opened.filter(({ subject }) => subject === 'ipi_1')).toEqual([]);
    expect(flagsOf(apply(on(status), seen(sampleUnlinked())))).toEqual(['forced_capture', flag]);
    const waits = written(nobody, apply(nobody, seen(sampleUnlinked({ type: 'refund' }))));
    const known = apply(
      { ...waits, cards: on(status).cards, accounts: on(status).accounts },
      recorded,
    );
    expect(flagsOf(known)).toEqual(['unlinked_refund', flag]);
  });

  it('keeps what it says of the account when its authorization turns up', () => {
    const forced = written(on('closed'), apply(on('closed'), seen(sampleUnlinked())));
    expect(flagsOf(apply(forced, seen(sampleTransaction())))).toEqual(['account_closed']);
  });
});
