/** Disputes as Stripe shows them. They move no money here; a card with one that is not decided is not settled. */
import type { TenantId } from '../../../domain/ids.ts';
import type { DisputeSighting } from '../../../domain/sighting.ts';
import { addTimeline } from '../card-timeline.ts';
import { insertFact } from '../fact-store.ts';
import type { Transaction } from '../pool.ts';
import type { Applied } from './directory.ts';

/** Within one second the later of these stands; a total order, so that the order of arrival makes no difference. */
const RANKED: readonly DisputeSighting['status'][] = [
  'unsubmitted',
  'submitted',
  'expired',
  'lost',
  'won',
];

/** `unknown` while the clearing record is: it is parked. The dispute's events are applied one after the other. */
export async function applyDispute(
  tx: Transaction,
  tenantId: TenantId,
  { disputeId, transactionId, atS, status }: DisputeSighting,
): Promise<Applied> {
  const [record] = await tx<
    { card_id: string | null; phase: string | null; known: string | null }[]
  >`
    select t.card_id, c.phase, d.status as known
      from transactions t left join cards c using (card_id) left join disputes d on d.dispute_id = ${disputeId}
     where t.transaction_id = ${transactionId} and t.tenant_id = ${tenantId}`;
  if (record === undefined) return 'unknown';
  const changed = await tx`
    insert into disputes as d (tenant_id, dispute_id, transaction_id, status, event_created)
    values (${tenantId}, ${disputeId}, ${transactionId}, ${status}, ${atS})
    on conflict (dispute_id) do update set status = excluded.status, event_created = excluded.event_created
     where (d.event_created, array_position(${[...RANKED]}::text[], d.status))
         < (excluded.event_created, array_position(${[...RANKED]}::text[], excluded.status))
    returning 1`;
  if (changed.length === 0 || record.known === status || record.card_id === null) return 'applied';
  const { card_id: cardId, phase } = record;
  const body = { disputeId, transactionId, status };
  await addTimeline(tx, { id: cardId, tenantId, phase }, 'dispute_changed', body);
  const owner = { tenantId, cardId };
  const key = `dispute/${disputeId}/${status}`;
  await insertFact(tx, owner, { kind: 'money_seen', cause: 'dispute' }, key);
  return 'applied';
}
