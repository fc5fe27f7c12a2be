/**
 * Which groups of the inbox are due, and who works on which: the groups of one account go to one worker, one batch
 * after the other, so that workers do not wait for one another's accounts, and a decision finds the account free
 * between two batches.
 */
import type { Sql } from '../pool.ts';

/** Rows applied in one transaction: keeps the accounts' locks near 20 ms. */
export const ROWS_PER_BATCH_MAX = 50;
/** Groups with that many rows at least are enough for a batch. */
const GROUPS_PER_BATCH_MAX = ROWS_PER_BATCH_MAX;
/** Waiting rows looked at to find groups: read from the index, whatever the backlog. */
const CANDIDATE_ROWS_MAX = 1_000;
/** Groups begun in one call: seconds of work at most, even when each has to wait for a lock. */
const CANDIDATE_GROUPS_MAX = 500;

/** Groups that share a transaction. */
export interface Batch {
  readonly groupKeys: readonly string[];
  /** Set when all of them are of this account: no others have to wait while somebody else has it locked. */
  readonly accountKey: string | null;
}

/** Batches that are worked off one after the other. */
export type Lane = readonly Batch[];

interface DueGroup {
  readonly groupKey: string;
  /** Of the Stripe card whose group it is; null for a card nobody knows, and for what is not about a card. */
  readonly accountId: string | null;
  /** So many of its rows at least are due. */
  readonly rows: number;
}

/** The groups that wait longest and that nobody is at work on, in lanes that have no account in common. */
export async function dueLanes(sql: Sql): Promise<readonly Lane[]> {
  const oldest = await sql<(DueGroup & { isLeased: boolean })[]>`
    select o.group_key as "groupKey", c.account_id as "accountId", o.rows,
           exists (select from apply_leases l where o.group_key = any (l.group_keys)) as "isLeased"
      from (select group_key, min(place) as place, count(*) as rows
              from (select group_key, row_number() over (order by next_try_at, inbox_id) as place
                      from inbox where status = 'pending' and next_try_at <= now() and failures = 0
                     order by next_try_at, inbox_id limit ${CANDIDATE_ROWS_MAX}) r
             group by 1 order by 2 limit ${CANDIDATE_GROUPS_MAX}) o
      left join stripe_cards s on s.stripe_card_id = o.group_key
      left join cards c on c.card_id = s.card_id
     order by o.place`;
  const rows = oldest.reduce((sum, group) => sum + group.rows, 0);
  // A few groups with many rows each: the others are not to wait until all of those are done.
  const isCrowded = rows === CANDIDATE_ROWS_MAX && oldest.length < GROUPS_PER_BATCH_MAX;
  const free = oldest.filter(({ isLeased }) => !isLeased);
  return inLanes(isCrowded ? [...free, ...(await otherGroups(sql, oldest))] : free);
}

/** Goes from group to group, whatever the number of their rows. */
async function otherGroups(sql: Sql, known: readonly DueGroup[]): Promise<readonly DueGroup[]> {
  return sql<DueGroup[]>`
    with recursive due as (
      (select group_key from inbox where status = 'pending' and next_try_at <= now() and failures = 0
        order by group_key limit 1)
      union all
      select (select i.group_key from inbox i
               where i.status = 'pending' and i.next_try_at <= now() and i.failures = 0
                 and i.group_key > due.group_key
               order by i.group_key limit 1)
        from due where due.group_key is not null)
    select d.group_key as "groupKey", c.account_id as "accountId", 1 as rows
      from (select group_key from due where group_key <> all (${known.map(({ groupKey }) => groupKey)})
               and not exists (select from apply_leases l where due.group_key = any (l.group_keys))
             limit ${CANDIDATE_GROUPS_MAX}) d
      left join stripe_cards s on s.stripe_card_id = d.group_key
      left join cards c on c.card_id = s.card_id`;
}

/** An account with enough rows for a batch has a lane of its own; the others share theirs, a batch each. The oldest first. */
export function inLanes(groups: readonly DueGroup[]): readonly Lane[] {
  const ofAccount = new Map<string, DueGroup[]>();
  for (const group of groups) {
    const key = group.accountId ?? group.groupKey;
    const own = ofAccount.get(key) ?? [];
    own.push(group);
    ofAccount.set(key, own);
  }
  const lanes: Lane[] = [];
  let shared: DueGroup[] = [];
  for (const [key, own] of ofAccount) {
    if (rowsOf(own) >= ROWS_PER_BATCH_MAX) {
      lanes.push(batchesOf(own, key));
      continue;
    }
    if (rowsOf([...shared, ...own]) > ROWS_PER_BATCH_MAX) {
      lanes.push(batchesOf(shared, null));
      shared = [];
    }
    shared.push(...own);
  }
  if (shared.length > 0) lanes.push(batchesOf(shared, null));
  const places = new Map(groups.map(({ groupKey }, place) => [groupKey, place]));
  const placeOf = (lane: Lane): number => places.get(lane[0]?.groupKeys[0] ?? '') ?? 0;
  return lanes.toSorted((a, b) => placeOf(a) - placeOf(b));
}

const rowsOf = (groups: readonly DueGroup[]): number =>
  groups.reduce((sum, { rows }) => sum + rows, 0);

/** Groups are cut where a batch is full; one with more rows than that comes in several batches, one after the other. */
function batchesOf(groups: readonly DueGroup[], accountKey: string | null): Lane {
  const batches: Batch[] = [];
  let groupKeys: string[] = [];
  let room = ROWS_PER_BATCH_MAX;
  for (const { groupKey, rows } of groups) {
    for (let left = rows; left > 0; ) {
      groupKeys.push(groupKey);
      const taken = Math.min(left, room);
      left -= taken;
      room -= taken;
      if (room > 0) continue;
      batches.push({ groupKeys, accountKey });
      [groupKeys, room] = [[], ROWS_PER_BATCH_MAX];
    }
  }
  return groupKeys.length === 0 ? batches : [...batches, { groupKeys, accountKey }];
}
