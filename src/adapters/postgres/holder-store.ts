/** The cardholder's row for the workflow's activities; changed under the row's lock only. */
import { parseCardholderId, parseStripeCardholderId } from '../../domain/ids.ts';
import type { CardholderProfile } from '../../ports/cardholders.ts';
import type { Holder, HolderStore } from '../../ports/holder-store.ts';
import { tenantOf } from './card-store.ts';
import type { Queryable, Sql } from './pool.ts';

interface HolderRow {
  readonly tenant_id: string;
  readonly stripe_account: string | null;
  readonly cardholder_id: string;
  readonly type: 'individual' | 'company';
  readonly profile: CardholderProfile;
  readonly stripe_cardholder_id: string | null;
  readonly stripe_status: 'active' | 'inactive' | 'blocked';
  readonly stripe_disabled_reason: string | null;
  readonly profile_version: number;
  readonly stripe_profile_version: number;
}

const columns = (sql: Queryable) => sql`
  h.tenant_id, t.stripe_account, h.cardholder_id, h.type, h.profile, h.stripe_cardholder_id,
  h.stripe_status, h.stripe_disabled_reason, h.profile_version, h.stripe_profile_version`;

export const createHolderStore = (sql: Sql): HolderStore => ({
  async ofCard(cardId) {
    const [row] = await sql<HolderRow[]>`
      select ${columns(sql)}
      from cards c
      join cardholders h using (cardholder_id)
      join tenants t on t.tenant_id = h.tenant_id
      where c.card_id = ${cardId}`;
    return row === undefined ? undefined : holderFrom(row);
  },
  async recordStripeCardholder(cardholderId, { id, profileVersion }) {
    const [row] = await sql<HolderRow[]>`
      update cardholders h
      set stripe_profile_version = case when coalesce(h.stripe_cardholder_id, ${id}) = ${id}
            then greatest(h.stripe_profile_version, least(${profileVersion}::bigint, h.profile_version))
            else h.stripe_profile_version end,
          stripe_cardholder_id = coalesce(h.stripe_cardholder_id, ${id}), version = h.version + 1
      from tenants t
      where h.cardholder_id = ${cardholderId} and t.tenant_id = h.tenant_id
      returning ${columns(sql)}`;
    if (row === undefined) throw new Error(`there is no cardholder ${cardholderId}`);
    return holderFrom(row);
  },
  async recordProfileSent(cardholderId, profileVersion) {
    const [row] = await sql<HolderRow[]>`
      update cardholders h
      set stripe_profile_version = ${profileVersion}
      from tenants t
      where h.cardholder_id = ${cardholderId} and t.tenant_id = h.tenant_id
      returning ${columns(sql)}`;
    if (row === undefined) throw new Error(`there is no cardholder ${cardholderId}`);
    return holderFrom(row);
  },
  async doubtProfileSent(cardholderId, profileVersion) {
    await sql`
      update cardholders set stripe_profile_version = ${profileVersion}
      where cardholder_id = ${cardholderId} and stripe_profile_version > ${profileVersion}`;
  },
});

function holderFrom(row: HolderRow): Holder {
  const { stripe_cardholder_id: stripeId } = row;
  return {
    cardholderId: parseCardholderId(row.cardholder_id),
    tenant: tenantOf(row),
    type: row.type,
    profile: row.profile,
    stripeCardholderId: stripeId === null ? null : parseStripeCardholderId(stripeId),
    profileVersion: row.profile_version,
    stripeProfileVersion: row.stripe_profile_version,
    stripeProblem:
      row.stripe_disabled_reason ??
      (row.stripe_status === 'active' ? null : `cardholder_${row.stripe_status}`),
  };
}
