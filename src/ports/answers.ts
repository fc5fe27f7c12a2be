/**
 * Answers by Idempotency-Key. A key belongs to one request: the first answer is stored in the transaction of
 * its effect and returned to every repeat; the same key with another request is a mismatch.
 */
import type { Records } from './records.ts';

export interface KeyedRequest {
  readonly key: string;
  /** Hash of method, path and body. */
  readonly hash: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What an effect returns; `undo` stores the answer but takes back everything the effect wrote. */
export interface EffectAnswer extends StoredAnswer {
  readonly undo: boolean;
}

type Answered =
  | { readonly kind: 'answered'; readonly answer: StoredAnswer; readonly repeated: boolean }
  | { readonly kind: 'mismatch' };

type Begun =
  | { readonly kind: 'answered'; readonly answer: StoredAnswer; readonly repeated: boolean }
  /** The key is taken and has no answer yet; `repeated` when an earlier try did not get to the end. */
  | { readonly kind: 'open'; readonly repeated: boolean }
  | { readonly kind: 'mismatch' };

export interface Answers {
  /** Takes the key, runs the effect and stores its answer, all in one transaction. */
  once(
    request: KeyedRequest,
    effect: (records: Records) => Promise<EffectAnswer>,
  ): Promise<Answered>;
  /**
   * Takes the key and commits what `prepare` wrote, before something outside Postgres is asked. An answer of
   * `prepare` ends the request; undefined leaves it open for `finish`. A repeat does not prepare again.
   */
  begin(
    request: KeyedRequest,
    prepare: (records: Records) => Promise<EffectAnswer | undefined>,
  ): Promise<Begun>;
  /** Stores the answer with what `effect` writes, unless another try was first: then that answer counts. */
  finish(
    request: KeyedRequest,
    effect: (records: Records) => Promise<StoredAnswer>,
  ): Promise<StoredAnswer>;
}
