/**
 * Questions as the decision function takes them: `asked_request` of 0009-decide.sql, and the counters of their limits.
 * Requests of one list share a counter when the same purchases count towards it, so that each sees what those before
 * it have spent.
 */
import type { CardProfile } from '../../domain/card-profile.ts';
import type { LimitInterval } from '../../domain/controls.ts';
import type { AppliedLimit, RuleResult } from '../../domain/decision.ts';
import type { Question } from '../../ports/decision-store.ts';

/** Whose spending is asked for, in which window, of which categories; see 0008-spending.sql. */
interface Counter {
  /** The account under whose lock it changes; it is summed only where that lock was got. */
  readonly account: string;
  readonly owner: string;
  readonly span: Exclude<LimitInterval, 'per_authorization'>;
  readonly categories: readonly string[] | null;
}

/** In the place of a counter: what the authorization itself has been approved for. */
const OWN = 0;

export interface AskedList {
  readonly counters: readonly Counter[];
  readonly requests: readonly Readonly<Record<string, unknown>>[];
}

/** `decisionIds` has one for each question; `offsetMs` is Postgres' clock less ours. */
export function toAskedList(
  questions: readonly Question[],
  decisionIds: readonly string[],
  offsetMs: number,
): AskedList {
  const counters = createCounters();
  // All limits first: an early purchase may count towards a limit that only a later one has.
  const limits = questions.map((question) => limitsOf(question, counters));
  const requests = questions.map((question, index) => {
    const { request, profile, rule } = question;
    const isReadable = request.kind === 'readable';
    return {
      decision_id: decisionIds[index],
      request_id: request.requestId,
      stripe_account: request.stripeAccount,
      stripe_card_id: request.stripeCardId,
      authorization_id: request.authorizationId,
      requested_at: request.requestedS,
      currency: isReadable ? request.currency : undefined,
      asked_minor: isReadable ? request.askedMinor : undefined,
      merchant: isReadable ? request.merchant : undefined,
      ...profileColumns(isReadable ? profile : null),
      ...ruleColumns(rule),
      ...limits[index],
      counts: countersOf(question, counters),
      timings: question.timings,
      deadline_s: (question.deadlineMs + offsetMs) / 1000,
    };
  });
  return { counters: counters.list, requests };
}

function profileColumns(profile: CardProfile | null) {
  if (profile === null) return null;
  const { tenantId, cardId, accountId, cardholderId, versions } = profile;
  return {
    tenant_id: tenantId,
    card_id: cardId,
    account_id: accountId,
    cardholder_id: cardholderId,
    card_version: versions.card,
    account_version: versions.account,
    cardholder_version: versions.cardholder,
    tenant_version: versions.tenant,
  };
}

const ruleColumns = (rule: RuleResult) =>
  rule.kind === 'ask_funds'
    ? { surplus: rule.surplus, minimum_minor: rule.minimumMinor }
    : {
        rule_reason: rule.reason,
        explanation: rule.finding === null ? {} : { finding: rule.finding },
      };

function limitsOf({ request, profile, rule }: Question, counters: Counters) {
  if (rule.kind !== 'ask_funds' || request.kind === 'unreadable' || profile === null) return null;
  const { limits } = rule;
  if (limits.length === 0) return null;
  return {
    limit_counters: limits.map((limit) => placeOf(limit, profile, counters)),
    limit_amounts: limits.map(({ amountMinor = null }) => amountMinor),
    limit_counts: limits.map(({ count = null }) => count),
    limits,
  };
}

function placeOf(limit: AppliedLimit, profile: CardProfile, counters: Counters): number {
  const { by, interval, categories = null } = limit;
  if (interval === 'per_authorization') return OWN;
  const owner = by === 'account' ? profile.accountId : profile.chainId;
  return counters.placeOf({ account: profile.accountId, owner, span: interval, categories });
}

/** Places of all counters that a purchase counts towards. */
function countersOf({ request, profile }: Question, counters: Counters): readonly number[] {
  if (request.kind === 'unreadable' || profile === null) return [];
  const { category } = request.merchant;
  const { chainId, accountId } = profile;
  return [...counters.of(chainId), ...counters.of(accountId)]
    .filter(({ counter }) => counter.categories?.includes(category) ?? true)
    .map(({ place }) => place);
}

interface PlacedCounter {
  readonly counter: Counter;
  /** From 1. */
  readonly place: number;
}

interface Counters {
  readonly list: readonly Counter[];
  /** Equal counters have the same place. */
  placeOf(counter: Counter): number;
  of(owner: string): readonly PlacedCounter[];
}

function createCounters(): Counters {
  const list: Counter[] = [];
  /** An owner has few. */
  const byOwner = new Map<string, PlacedCounter[]>();
  return {
    list,
    placeOf(counter) {
      const ofOwner = byOwner.get(counter.owner) ?? [];
      const known = ofOwner.find((placed) => isSame(placed.counter, counter));
      if (known !== undefined) return known.place;
      const place = list.push(counter);
      byOwner.set(counter.owner, [...ofOwner, { counter, place }]);
      return place;
    },
    of: (owner) => byOwner.get(owner) ?? [],
  };
}

/** Of one owner. */
const isSame = (a: Counter, b: Counter): boolean =>
  a.account === b.account &&
  a.span === b.span &&
  (a.categories === b.categories || a.categories?.join() === b.categories?.join());
