/** What a list of requests must be answered, by the purchases that are there: the rules of limits and funds, anew. */
import type { Limit } from '../support/limited-cards.ts';

/** A purchase that counts, as the table of authorizations has it. */
export interface Counted {
  readonly authorizationId: string;
  readonly chain: string;
  readonly account: string;
  readonly category: string;
  readonly amount: number;
  /** Milliseconds. */
  readonly at: number;
}

/** An account, and what can be spent from it. */
export interface Room {
  readonly account: string;
  readonly room: number;
  readonly allowsPart: boolean;
}

export interface Asked {
  readonly authorizationId: string;
  readonly chain: string;
  readonly account: string;
  readonly category: string;
  readonly amount: number;
  readonly isControllable: boolean;
  /** Those of its card, of the account and of the tenant, each with whose purchases it counts. */
  readonly limits: readonly (Limit & { readonly owner: string })[];
}

const ORDER = ['per_authorization', 'daily', 'weekly', 'monthly', 'yearly', 'all_time'];
const DAY_MS = 86_400_000;

export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Whether both moments lie in one window. */
export function isSameWindow(interval: string, a: number, b: number): boolean {
  const [day, other] = [dayOf(a), dayOf(b)];
  switch (interval) {
    case 'daily':
      return day === other;
    case 'weekly':
      return mondayOf(a) === mondayOf(b);
    case 'monthly':
      return day.slice(0, 7) === other.slice(0, 7);
    case 'yearly':
      return day.slice(0, 4) === other.slice(0, 4);
    default:
      return true;
  }
}

function mondayOf(at: number): string {
  const days = (new Date(at).getUTCDay() + 6) % 7;
  return dayOf(at - days * DAY_MS);
}

/** What counts towards a limit for a purchase of the moment `at`. */
export function countedTowards(
  limit: Limit & { readonly owner: string },
  purchases: readonly Counted[],
  of: { readonly authorizationId: string; readonly at: number },
): { readonly amount: number; readonly count: number } {
  const counted = purchases.filter((p) => {
    if (limit.interval === 'per_authorization') return p.authorizationId === of.authorizationId;
    const isOwn = p.chain === limit.owner || p.account === limit.owner;
    const isOfCategory = limit.categories?.includes(p.category) ?? true;
    return isOwn && isOfCategory && isSameWindow(limit.interval, p.at, of.at);
  });
  return {
    amount: counted.reduce((sum, { amount }) => sum + amount, 0),
    count: counted.filter(({ amount }) => amount > 0).length,
  };
}

/** The reasons in the order of the list; increments of purchases of another day come last. */
export function expectedReasons(
  asked: readonly Asked[],
  given: {
    readonly purchases: readonly Counted[];
    readonly rooms: readonly Room[];
    readonly now: number;
  },
): readonly string[] {
  const purchases = new Map(given.purchases.map((p) => [p.authorizationId, p]));
  const rooms = new Map(given.rooms.map((r) => [r.account, { ...r }]));
  const reasons = new Map<number, string>();
  const isApart = ({ authorizationId }: Asked): boolean => {
    const at = given.purchases.find((p) => p.authorizationId === authorizationId)?.at;
    return at !== undefined && dayOf(at) !== dayOf(given.now);
  };
  const places = asked.map((_each, place) => place);
  for (const place of places.toSorted((a, b) => rank(a) - rank(b))) {
    const request = asked[place];
    if (request !== undefined) reasons.set(place, decide(request));
  }
  return places.map((place) => reasons.get(place) ?? 'none');

  function rank(place: number): number {
    const request = asked[place];
    return request !== undefined && isApart(request) ? 1 : 0;
  }

  function decide(request: Asked): string {
    const { authorizationId, account, amount } = request;
    const own = purchases.get(authorizationId);
    const room = rooms.get(account);
    if (room === undefined) throw new Error(`${account} has room`);
    const at = own?.at ?? given.now;
    const before = own?.amount ?? 0;
    if (amount === 0) {
      purchases.set(authorizationId, { ...request, amount: before, at });
      return 'ACCOUNT_CHECK';
    }
    const limits = request.limits
      .filter(({ categories }) => categories?.includes(request.category) ?? true)
      .toSorted((a, b) => ORDER.indexOf(a.interval) - ORDER.indexOf(b.interval));
    for (const limit of limits) {
      const counted = countedTowards(limit, [...purchases.values()], { authorizationId, at });
      const isAbove =
        limit.amountMinor !== undefined && counted.amount + amount > limit.amountMinor;
      const isTooOften = limit.count !== undefined && before === 0 && counted.count >= limit.count;
      if (isAbove || isTooOften) return `${limit.interval.toUpperCase()}_LIMIT_EXCEEDED`;
    }
    const isPartEnough = room.allowsPart && request.isControllable;
    const approved = Math.min(amount, Math.max(room.room, 0));
    if (approved < amount && (!isPartEnough || approved === 0)) return 'INSUFFICIENT_FUNDS';
    rooms.set(account, { ...room, room: room.room - approved });
    purchases.set(authorizationId, { ...request, amount: before + approved, at });
    return approved === amount ? 'APPROVED' : 'APPROVED_PARTLY';
  }
}
