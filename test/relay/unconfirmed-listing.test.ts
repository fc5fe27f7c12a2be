/** One pass over Stripe's list: which page comes next, and what a page says of those that are wanted. */
import { describe, expect, it } from 'vitest';
import type { UnconfirmedHold } from '../../src/adapters/postgres/unconfirmed-store.ts';
import { beginListing, takePage } from '../../src/apps/relay/unconfirmed-listing.ts';
import type { ListedAuthorization } from '../../src/ports/authorization-fetcher.ts';

const hold = (id: string, createdS: number, stripeCardId = `ic_${id}`): UnconfirmedHold => ({
  tenantId: 'ten_1',
  stripeAccount: null,
  stripeCardId,
  authorizationId: id,
  createdS,
  looks: 1,
});
const listed = (authorizationId: string, createdS: number): ListedAuthorization => ({
  authorizationId,
  createdS,
  object: { id: authorizationId },
  asOfS: 99_999,
});
const begin = (...holds: readonly UnconfirmedHold[]) => {
  const [first] = holds;
  if (first === undefined) throw new Error('a pass wants something');
  return beginListing(holds, first);
};
const ids = (holds: readonly { readonly authorizationId: string }[]): readonly string[] =>
  holds.map(({ authorizationId }) => authorizationId);

describe('a pass over the list', () => {
  it('asks for the time around all that are wanted, and for one card when they are all of it', () => {
    expect(begin(hold('b', 2_000), hold('a', 1_000)).query).toEqual({
      createdFromS: 995,
      createdToS: 2_005,
      stripeCardId: null,
      after: null,
    });
    expect(begin(hold('b', 2_000, 'ic_1'), hold('a', 1_000, 'ic_1')).query.stripeCardId).toBe(
      'ic_1',
    );
  });

  it('ends with the last page: what it lacks is not listed', () => {
    const taken = takePage(begin(hold('b', 2_000), hold('a', 1_000)), {
      listed: [listed('b', 2_001), listed('x', 1_500)],
      hasMore: false,
    });
    expect(ids(taken.found)).toEqual(['b']);
    expect(ids(taken.notListed)).toEqual(['a']);
    expect(taken.next).toBeNull();
  });

  it('goes on with the page after the last one shown', () => {
    const taken = takePage(begin(hold('c', 2_000), hold('b', 1_999), hold('a', 1_998)), {
      listed: [listed('c', 2_000), listed('x', 1_999)],
      hasMore: true,
    });
    expect(ids(taken.found)).toEqual(['c']);
    expect(taken.notListed).toEqual([]);
    expect(taken.next?.query).toEqual({
      createdFromS: 1_993,
      createdToS: 2_005,
      stripeCardId: null,
      after: 'x',
    });
    expect(ids(taken.next?.wanted ?? [])).toEqual(['b', 'a']);
  });

  it('takes for not listed what the list is past by more than the margin, not by less', () => {
    const taken = takePage(begin(hold('c', 2_000), hold('b', 1_956), hold('a', 1_955)), {
      listed: [listed('c', 2_000), listed('x', 1_950)],
      hasMore: true,
    });
    expect(ids(taken.notListed)).toEqual(['b']);
    expect(ids(taken.next?.wanted ?? [])).toEqual(['a']);
  });

  it('skips the time in which nothing is wanted', () => {
    const taken = takePage(begin(hold('b', 9_000), hold('a', 1_000)), {
      listed: [listed('b', 9_000), listed('x', 8_000)],
      hasMore: true,
    });
    expect(taken.next?.query).toEqual({
      createdFromS: 995,
      createdToS: 1_005,
      stripeCardId: 'ic_a',
      after: null,
    });
  });

  it('ends with a page that brought nothing, and leaves the youngest to be asked for by its id', () => {
    const taken = takePage(begin(hold('b', 2_000), hold('a', 1_000)), {
      listed: [listed('x', 2_001), listed('y', 1_999)],
      hasMore: true,
    });
    expect(ids(taken.notListed)).toEqual(['b']);
    expect(ids(taken.unseen)).toEqual(['a']);
    expect(taken.next).toBeNull();
  });
});
