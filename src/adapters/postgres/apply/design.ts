/** A design that Stripe does not print keeps cards from being made: somebody has to change it, or choose another. */
import type { TenantId } from '../../../domain/ids.ts';
import type { DesignSighting } from '../../../domain/sighting.ts';
import { closeAttention, openAttention } from '../attention.ts';
import type { Transaction } from '../pool.ts';
import type { Applied } from './directory.ts';

/** Within one second the later of these stands: the worse one, so that nobody misses it. */
const RANKED: readonly string[] = ['active', 'review', 'inactive', 'rejected'];
const UNUSABLE: readonly string[] = ['inactive', 'rejected'];

/** The events of a design are applied one after the other. */
export async function applyDesign(
  tx: Transaction,
  tenantId: TenantId,
  { designId, atS, status, name, rejectionReasons }: DesignSighting,
): Promise<Applied> {
  const changed = await tx`
    insert into designs as d (tenant_id, design_id, status, event_created)
    values (${tenantId}, ${designId}, ${status}, ${atS})
    on conflict (tenant_id, design_id) do update set status = excluded.status, event_created = excluded.event_created
     where (d.event_created, coalesce(array_position(${[...RANKED]}::text[], d.status), 0), d.status)
         < (excluded.event_created, coalesce(array_position(${[...RANKED]}::text[], excluded.status), 0),
            excluded.status)
    returning 1`;
  if (changed.length === 0) return 'applied';
  const item = { kind: 'design_unusable', subject: designId };
  // By the newest status alone: which of the earlier ones came in time must make no difference.
  if (UNUSABLE.includes(status)) {
    const reasons = rejectionReasons.join(', ');
    await openAttention(tx, { ...item, tenantId, details: { status, name, detail: reasons } });
  } else {
    const resolution =
      status === 'active' ? 'the design is active' : 'the design is looked at once more';
    await closeAttention(tx, { ...item, resolution });
  }
  return 'applied';
}
