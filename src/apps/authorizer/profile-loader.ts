/**
 * Loads profiles together: one call is under way at a time, and what is asked for meanwhile is loaded by the next, each
 * card once. So a process that has just started, or whose Postgres has just come back, does not ask for all its cards
 * at the same moment.
 */
import type { CardProfile } from '../../domain/card-profile.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore, ProfileKey } from '../../ports/decision-store.ts';
import { PROFILES_PER_CALL_MAX, WAITING_MAX } from './budget.ts';
import type { Guard } from './guard.ts';
import { keyText } from './profile-key.ts';

export type ProfileLoad =
  | { readonly kind: 'loaded'; readonly profile: CardProfile | null }
  | { readonly kind: 'shed' }
  | { readonly kind: 'too_late' }
  | { readonly kind: 'unavailable' };

export type ProfileLoader = (key: ProfileKey, deadlineMs: number) => Promise<ProfileLoad>;

export interface ProfileLoaderOptions {
  readonly store: Pick<DecisionStore, 'loadProfiles'>;
  readonly clock: Clock;
  readonly guard: Guard;
  /** Told once a call that failed. */
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly key: ProfileKey;
  readonly answers: ((load: ProfileLoad) => void)[];
}

export function createProfileLoader(options: ProfileLoaderOptions): ProfileLoader {
  const { store, clock, guard, onError } = options;
  /** By key, in the order of asking. */
  const waiting = new Map<string, Waiting>();
  let isRunning = false;

  async function loadTogether(batch: readonly Waiting[]): Promise<readonly ProfileLoad[]> {
    const outcome = await guard(() => store.loadProfiles(batch.map(({ key }) => key)));
    if (outcome.kind === 'failed') onError(outcome.error);
    return batch.map((_waiting, index): ProfileLoad => {
      if (outcome.kind === 'failed') return { kind: 'unavailable' };
      if (outcome.kind === 'given_up') return { kind: 'too_late' };
      return { kind: 'loaded', profile: outcome.result[index] ?? null };
    });
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, PROFILES_PER_CALL_MAX);
      for (const [key] of batch) waiting.delete(key);
      const loads = await loadTogether(batch.map(([, entry]) => entry));
      for (const [index, [, { answers }]] of batch.entries()) {
        const load = loads[index] ?? { kind: 'unavailable' };
        for (const answer of answers) answer(load);
      }
    }
    isRunning = false;
  }

  function join(key: ProfileKey): Promise<ProfileLoad> {
    return new Promise((answer) => {
      const text = keyText(key);
      const entry = waiting.get(text);
      if (entry === undefined) waiting.set(text, { key, answers: [answer] });
      else entry.answers.push(answer);
      if (!isRunning) void run();
    });
  }

  return async (key, deadlineMs) => {
    if (waiting.size >= WAITING_MAX) return { kind: 'shed' };
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<ProfileLoad>((resolve) => {
      const leftMs = Math.max(0, deadlineMs - clock.nowMs());
      timer = setTimeout(() => resolve({ kind: 'too_late' }), leftMs);
    });
    const load = await Promise.race([join(key), tooLate]);
    clearTimeout(timer);
    return load;
  };
}
