/** What was done by hand to what is usually left to the processes. Entries are added, and never changed. */
import type { PageOrRefusal, PageRequest } from './page.ts';

/** Who does something by hand, and why. */
export interface ByHand {
  /** `api-key:NAME` or `command:USER`. */
  readonly actor: string;
  /** The person, where the program that calls says so. */
  readonly by: string | null;
  readonly reason: string | null;
  /** As it is named in the logs; null for a command. */
  readonly requestId: string | null;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  /** The id of what it was done to. */
  readonly subject: string;
  readonly reason: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
}

interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
}

export interface AuditLog {
  /** Newest first. */
  list(filter: AuditFilter, page: PageRequest): Promise<PageOrRefusal<AuditEntry>>;
}
