/**
 * Card profiles in memory. A profile carries versions that the decision re-reads under the lock, so an old one
 * costs a second call and never a wrong answer; `NOTIFY` keeps that rare.
 */
import type { CardProfile } from '../../domain/decision.ts';
import type { StripeCardId } from '../../domain/ids.ts';
import type { DecisionStore } from '../../ports/decision-store.ts';
import { PROFILES_MAX } from './budget.ts';

export interface ProfileCache {
  /** Null when nobody knows the card; that is never remembered, because the card may be known a moment later. */
  get(stripeAccount: string | null, stripeCardId: StripeCardId): Promise<CardProfile | null>;
  put(stripeAccount: string | null, stripeCardId: StripeCardId, profile: CardProfile | null): void;
  /** Forgets every profile that the changed row (`<table>:<id>`) is part of. */
  forget(change: string): void;
}

export function createProfileCache(store: Pick<DecisionStore, 'loadProfile'>): ProfileCache {
  const profiles = new Map<string, CardProfile>();
  /** Cache keys by the rows they were made of. */
  const madeOf = new Map<string, Set<string>>();
  const keyOf = (account: string | null, card: StripeCardId): string => `${account ?? ''}/${card}`;
  const partsOf = (p: CardProfile): readonly string[] => [
    `cards:${p.cardId}`,
    `accounts:${p.accountId}`,
    `cardholders:${p.cardholderId}`,
    `tenants:${p.tenantId}`,
  ];

  function drop(key: string): void {
    const profile = profiles.get(key);
    if (profile === undefined) return;
    profiles.delete(key);
    for (const part of partsOf(profile)) {
      const keys = madeOf.get(part);
      keys?.delete(key);
      if (keys?.size === 0) madeOf.delete(part);
    }
  }

  function put(account: string | null, card: StripeCardId, profile: CardProfile | null): void {
    const key = keyOf(account, card);
    drop(key);
    if (profile === null) return;
    const [oldest] = profiles.keys();
    if (profiles.size >= PROFILES_MAX && oldest !== undefined) drop(oldest);
    profiles.set(key, profile);
    for (const part of partsOf(profile)) {
      const keys = madeOf.get(part) ?? new Set();
      madeOf.set(part, keys.add(key));
    }
  }

  return {
    async get(account, card) {
      const cached = profiles.get(keyOf(account, card));
      if (cached !== undefined) return cached;
      const profile = await store.loadProfile(account, card);
      put(account, card, profile);
      return profile;
    },
    put,
    forget(change) {
      for (const key of Array.from(madeOf.get(change) ?? [])) drop(key);
    },
  };
}
