/** The feed of changes: phases, decisions, bookings and attention items in one order that no late commit can break. */
import type { Change, ChangeFeed } from '../../ports/changes.ts';
import { readChanges } from './change-bodies.ts';
import { type ChangeKey, nextKeys } from './change-keys.ts';
import {
  before,
  cursorOf,
  type Horizon,
  isOfAnotherTime,
  type Position,
  positionOf,
  readHorizon,
} from './change-position.ts';
import type { Sql } from './pool.ts';

/** Places looked at in one step for a tenant of which there may be few among them. */
const KEYS_PER_STEP = 500;
/** Steps of one read: 10,000 changes of other tenants are passed over, and then the cursor is given back. */
const STEPS_MAX = 20;

export function createChangeFeed(sql: Sql): ChangeFeed {
  return {
    async read({ after, tenantId, limit }) {
      const given = after === undefined ? undefined : positionOf(after);
      if (after !== undefined && given === undefined) return 'bad_cursor';
      const horizon = await readHorizon(sql);
      if (given !== undefined && isOfAnotherTime(given, horizon)) return 'restarted';
      const keys = await collect(sql, { horizon, tenantId, limit }, given);
      const data = await tell(sql, horizon, keys.found);
      return { data, nextCursor: cursorOf(keys.position), hasMore: keys.hasMore };
    },

    async latest() {
      const { epoch, high } = await readHorizon(sql);
      return cursorOf(before(epoch, high));
    },
  };
}

interface Collection {
  readonly horizon: Horizon;
  readonly tenantId: string | undefined;
  readonly limit: number;
}

interface Collected {
  readonly found: readonly ChangeKey[];
  readonly position: Position;
  readonly hasMore: boolean;
}

async function collect(
  sql: Sql,
  { horizon, tenantId, limit }: Collection,
  from: Position | undefined,
): Promise<Collected> {
  const { epoch, high } = horizon;
  const perStep = tenantId === undefined ? limit : KEYS_PER_STEP;
  let position = from ?? before(epoch, '0');
  for (let step = 0; step < STEPS_MAX && BigInt(position.xid) < BigInt(high); step += 1) {
    const { keys, readTo } = await nextKeys(sql, { position, horizon, limit: perStep });
    const wanted = keys.filter((key) => tenantId === undefined || key.tenantId === tenantId);
    const found = wanted.slice(0, limit);
    const cut = wanted.length > limit ? found.at(-1) : undefined;
    const last = cut ?? (keys.length === perStep ? keys.at(-1) : undefined);
    position = last === undefined ? before(epoch, readTo) : placeOf(epoch, last);
    if (found.length > 0) return { found, position, hasMore: BigInt(position.xid) < BigInt(high) };
  }
  return { found: [], position, hasMore: BigInt(position.xid) < BigInt(high) };
}

const placeOf = (epoch: number, { xid, rank, key }: ChangeKey): Position => ({
  epoch,
  xid,
  rank,
  key,
});

async function tell(
  sql: Sql,
  { epoch }: Horizon,
  keys: readonly ChangeKey[],
): Promise<readonly Change[]> {
  const told = await readChanges(sql, keys);
  return keys.flatMap((key, index) => {
    const change = told[index];
    if (change === undefined) return [];
    return [{ cursor: cursorOf(placeOf(epoch, key)), tenantId: key.tenantId, ...change }];
  });
}
