/**
 * Questions as the decision function takes them: `asked_request` of 0009-decide.sql, and the counters of their limits.
 * Requests of one list share a counter when the same purchases count towards it, so that each sees what those before
 * it have spent.
 */
import type { CardProfile } from '../../domain/card-profile.ts';
import type { LimitInterval } from '../../domain/controls.ts';
import type { AppliedLimit } from '../../domain/decision.ts';
import type { Question } from '../../ports/decision-store.ts';

/** Whose spending is asked for, in which window, of which categories; see 0008-spending.sql. */
interface Counter {
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
  const requests = questions.map((question, index) => ({
    decision_id: decisionIds[index],
    ...askedColumns(question),
    ...ruleColumns(question),
    ...limits[index],
    counts: countersOf(question, counters),
    timings: question.timings,
    deadline_s: (question.deadlineMs + offsetMs) / 1000,
  }));
  return { counters: counters.list, requests };
}

function askedColumns({ request, profile }: Question): Record<string, unknown> {
  const columns = {
    request_id: request.requestId,
    stripe_account: request.stripeAccount,
    stripe_card_id: request.stripeCardId,
    authorization_id: request.authorizationId,
    requested_at: request.requestedS,
  };
  if (request.kind === 'unreadable') return columns;
  return {
    ...columns,
    currency: request.currency,
    asked_minor: request.askedMinor,
    merchant: request.merchant,
    ...(profile === null ? {} : profileColumns(profile)),
  };
}

const profileColumns = ({
  tenantId,
  cardId,
  accountId,
  cardholderId,
  versions,
}: CardProfile): Record<string, unknown> => ({
  tenant_id: tenantId,
  card_id: cardId,
  account_id: accountId,
  cardholder_id: cardholderId,
  card_version: versions.card,
  account_version: versions.account,
  cardholder_version: versions.cardholder,
  tenant_version: versions.tenant,
});

function ruleColumns({ rule }: Question): Record<string, unknown> {
  if (rule.kind === 'ask_funds') {
    return { surplus: rule.surplus, minimum_minor: rule.minimumMinor };
  }
  return {
    rule_reason: rule.reason,
    explanation: rule.finding === null ? {} : { finding: rule.finding },
  };
}

function limitsOf({ request, profile, rule }: Question, counters: Counters) {
  if (rule.kind !== 'ask_funds' || request.kind === 'unreadable' || profile === null) return {};
  const { limits } = rule;
  if (limits.length === 0) return {};
  return {
    limit_counters: limits.map((limit) => placeOf(limit, profile, counters)),
    limit_amounts: limits.map(({ amountMinor = null }) => amountMinor),
    limit_counts: limits.map(({ count = null }) => count),
    limits: limits.map(({ scope: _whose, ...told }) => told),
  };
}

function placeOf(limit: AppliedLimit, profile: CardProfile, counters: Counters): number {
  const { scope, interval, categories } = limit;
  if (interval === 'per_authorization') return OWN;
  const owner = scope === 'card' ? profile.chainId : profile.accountId;
  return counters.placeOf({ owner, span: interval, categories: categories ?? null });
}

/** Places of all counters that a purchase counts towards. */
function countersOf({ request, profile }: Question, counters: Counters): readonly number[] {
  if (request.kind === 'unreadable' || profile === null) return [];
  const { category } = request.merchant;
  return [profile.chainId, profile.accountId].flatMap((owner) =>
    counters
      .of(owner)
      .filter((place) => counters.list[place - 1]?.categories?.includes(category) ?? true),
  );
}

interface Counters {
  readonly list: readonly Counter[];
  /** The place of a counter, from 1; equal ones have the same. */
  placeOf(counter: Counter): number;
  /** The places of an owner's counters. */
  of(owner: string): readonly number[];
}

function createCounters(): Counters {
  const list: Counter[] = [];
  const places = new Map<string, number>();
  const byOwner = new Map<string, number[]>();
  return {
    list,
    placeOf(counter) {
      const { owner, span, categories } = counter;
      const key = `${owner}/${span}/${categories?.join() ?? '*'}`;
      const known = places.get(key);
      if (known !== undefined) return known;
      const place = list.push(counter);
      places.set(key, place);
      byOwner.set(owner, [...(byOwner.get(owner) ?? []), place]);
      return place;
    },
    of: (owner) => byOwner.get(owner) ?? [],
  };
}
