/** The audit of deliveries, as the control routes show it. */
import { type AuditCounts, totalOf } from '../webhooks/audit.ts';
import type { World } from '../world/world.ts';

/** Counts of ordinary endpoints in brief. */
export function deliveryFigures({ deliverer: { audit } }: World): object {
  const { sent, answered, timed_out, failed } = totalOf(
    audit.endpoints().flatMap((endpoint) => Object.values(audit.types(endpoint))),
  );
  let answers = 0;
  for (const count of Object.values(answered)) answers += count;
  const succeeded = answered['2xx'] ?? 0;
  return { sent, succeeded, failed: answers - succeeded + timed_out + failed };
}

interface AuditEntry extends AuditCounts {
  readonly types: Readonly<Record<string, AuditCounts>>;
}

const withTypes = (types: Readonly<Record<string, AuditCounts>>): AuditEntry => ({
  ...totalOf(Object.values(types)),
  types,
});

/** All counts, by endpoint and event type; real-time endpoints apart. */
export function readAudit(world: World): object {
  const accounts = [...world.accounts.values()];
  const rows = accounts.flatMap((account) =>
    account.endpoints.all().map((row) => ({ account: account.id, row })),
  );
  // Endpoints that are gone have counts, and fresh ones have none yet.
  const { audit } = world.deliverer;
  const ids = new Set([...rows.map(({ row }) => row.id), ...audit.endpoints()]);
  const endpoints = [...ids].map((id) => {
    const found = rows.find(({ row }) => row.id === id);
    const pending = world.deliverer.pending(id).map(({ type }) => type);
    return {
      id,
      account: found?.account ?? null,
      url: found?.row.url ?? null,
      status: found?.row.status ?? 'deleted',
      ...withTypes(audit.types(id, pending)),
    };
  });
  const realtime = accounts
    .filter(
      ({ id, realtime: set }) => set !== undefined || world.realtimeAudit.endpoints().includes(id),
    )
    .map(({ id, realtime: set }) => ({
      account: id,
      url: set?.url ?? null,
      ...withTypes(world.realtimeAudit.types(id)),
    }));
  let made = 0;
  for (const count of world.eventsMade.values()) made += count;
  return {
    events: { made, types: Object.fromEntries(world.eventsMade) },
    total: totalOf(endpoints),
    endpoints,
    realtime_endpoints: realtime,
  };
}
