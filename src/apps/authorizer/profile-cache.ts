/**
 * Card profiles in memory. A profile carries versions that the decision re-reads under the lock, so an old one
 * costs a second call and never a wrong answer; `NOTIFY` keeps that rare.
 */
import type { CardProfile } from '../../domain/card-profile.ts';
import type { ProfileKey } from '../../ports/decision-store.ts';
import { PROFILES_MAX } from './budget.ts';
import { keyText } from './profile-key.ts';
import type { ProfileLoad, ProfileLoader } from './profile-loader.ts';
import type { Watch } from './watch.ts';

export interface ProfileCache {
  /**
   * The profile is null when nobody knows the card; that is never remembered, because the card may be known a moment
   * later. Never rejects, and does not wait past the deadline.
   */
  get(key: ProfileKey, deadlineMs: number): Promise<ProfileLoad>;
  put(key: ProfileKey, profile: CardProfile | null): void;
  /** Forgets every profile that the changed row (`<table>:<id>`) is part of. */
  forget(change: string): void;
  readonly size: number;
}

export function createProfileCache(load: ProfileLoader, watch: Watch): ProfileCache {
  const profiles = new Map<string, CardProfile>();
  /** Cache keys by the rows they were made of. */
  const madeOf = new Map<string, Set<string>>();
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

  function put(card: ProfileKey, profile: CardProfile | null): void {
    const key = keyText(card);
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
    async get(card, deadlineMs) {
      const cached = profiles.get(keyText(card));
      watch.profile(cached === undefined ? 'postgres' : 'memory');
      if (cached !== undefined) return { kind: 'loaded', profile: cached };
      const loaded = await load(card, deadlineMs);
      if (loaded.kind === 'loaded') put(card, loaded.profile);
      return loaded;
    },
    put,
    forget(change) {
      for (const key of Array.from(madeOf.get(change) ?? [])) drop(key);
    },
    get size() {
      return profiles.size;
    },
  };
}
