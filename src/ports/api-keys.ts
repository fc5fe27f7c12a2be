/** The keys of the API that were made by a command. Only their hashes are known. */
import type { ApiScope } from '../domain/api-scopes.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scope: ApiScope;
}

export interface ApiKeys {
  /** The key of this SHA-256; undefined when there is none, or when it was revoked. */
  find(hash: Uint8Array): Promise<ApiKey | undefined>;
  /** Notes that it was used in this minute. */
  noteUse(id: string): Promise<void>;
}
