/** Reads the feed of changes to its end. */

import type { TenantId } from '../../src/domain/ids.ts';
import type { Change, ChangeFeed, ChangePage } from '../../src/ports/changes.ts';
import { eventually } from '../support/eventually.ts';

export interface Reading {
  readonly after?: string | undefined;
  readonly tenantId?: TenantId;
  readonly limit?: number;
}

export async function pageOf(feed: ChangeFeed, reading: Reading = {}): Promise<ChangePage> {
  const page = await feed.read({ limit: 100, ...reading });
  if (typeof page === 'string') throw new Error(page);
  return page;
}

/** All that can be read now, and where it ended. */
export async function readOn(
  feed: ChangeFeed,
  reading: Reading = {},
): Promise<{ readonly changes: readonly Change[]; readonly cursor: string }> {
  const changes: Change[] = [];
  let page = await pageOf(feed, reading);
  for (;;) {
    changes.push(...page.data);
    if (!page.hasMore) return { changes, cursor: page.nextCursor };
    page = await pageOf(feed, { ...reading, after: page.nextCursor });
  }
}

/** Other databases of the server hold the newest back while they write, so the whole comes a moment later. */
export async function readUntil(
  feed: ChangeFeed,
  count: number,
  reading: Reading = {},
): Promise<readonly Change[]> {
  let changes: readonly Change[] = [];
  await eventually(async () => {
    ({ changes } = await readOn(feed, reading));
    return changes.length >= count;
  });
  return changes;
}
