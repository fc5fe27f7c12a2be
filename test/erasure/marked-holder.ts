/** A cardholder who has left a mark in every place where personal data can lie. */
import { randomUUID } from 'node:crypto';
import { openAttention } from '../../src/adapters/postgres/attention.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { IngressUnderTest } from '../ingress/ingress-under-test.ts';
import { platformTenant } from '../ingress/program.ts';

/** Nothing else in the database holds one of these. */
export const MARKS = ['zyxq', '4155559876', '94777', '203.0.113.77'] as const;

export interface MarkedHolder {
  readonly tenantId: string;
  readonly cardholderId: string;
  readonly cardId: string;
  readonly stripeCardId: string;
  readonly eventIds: readonly string[];
}

const PROFILE = {
  type: 'individual',
  name: 'Zyxqada Zyxqlace',
  email: 'zyxq@example.com',
  phoneNumber: '+14155559876',
  billing: {
    line1: '1 Zyxq Street',
    city: 'Zyxqtown',
    state: 'CA',
    postalCode: '94777',
    country: 'US',
  },
  individual: {
    firstName: 'Zyxqada',
    lastName: 'Zyxqlace',
    dob: { day: 10, month: 12, year: 1990 },
    userTermsAcceptance: { date: '2026-01-01T00:00:00Z', ip: '203.0.113.77' },
  },
};

/** Through the API where there is a way, else as the processes write. Nothing is closed yet. */
export async function markHolder(ingress: IngressUnderTest): Promise<MarkedHolder> {
  const tenantId = await platformTenant(ingress);
  const id = randomUUID().replaceAll('-', '');
  const account = await ingress.post('/v1/accounts', {
    tenantId,
    customerRef: `customer-${id}`,
    currency: 'usd',
  });
  const holder = await ingress.post('/v1/cardholders', {
    ...PROFILE,
    tenantId,
    customerRef: `zyxq-${id}`,
  });
  const cardholderId = String(holder.body.id);
  const card = await ingress.post('/v1/cards', {
    cardholderId,
    accountId: account.body.id,
    type: 'physical',
    secondLine: 'Zyxq Line',
    shipping: { ...PROFILE.billing, name: 'Zyxq Receiver', phoneNumber: '+14155559876' },
  });
  const cardId = String(card.body.id);
  await ingress.post(`/v1/cards/${cardId}/freeze`, { reason: 'zyxq has lost it', by: 'operator' });
  const marked = { tenantId, cardholderId, cardId, stripeCardId: `ic_${id}` };
  const eventIds = await markRows(ingress.sql, marked, id);
  await markPurchase(ingress, { ...marked, accountId: String(account.body.id) }, id);
  return { ...marked, eventIds };
}

/** What people have dealt with that names neither the holder nor the card: an event of a purchase, and a look at it. */
async function markPurchase(
  ingress: IngressUnderTest,
  {
    tenantId,
    cardId,
    stripeCardId,
    accountId,
  }: Omit<MarkedHolder, 'eventIds'> & { accountId: string },
  id: string,
): Promise<void> {
  const purchase = `iauth_${id}`;
  await ingress.ownerSql`
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, anchored_at)
    values (${tenantId}, ${purchase}, ${accountId}, ${cardId}, ${stripeCardId}, 'usd', now())`;
  const broken = `evt_${id}_2`;
  for (const subject of [purchase, broken]) {
    const details = { type: 'issuing_authorization.fetched', reason: 'cannot be read: zyxq' };
    await openAttention(ingress.sql, { tenantId, kind: 'event_not_applied', subject, details });
  }
  const [item] = await ingress.sql<{ id: string }[]>`
    select item_id as id from attention_items where subject = ${purchase}`;
  const resolved = { reason: 'zyxq has called', by: 'j.doe' };
  await ingress.post(`/v1/attention/${item?.id}/resolve`, resolved);
  // Its answer shows the other item, closed with the reason.
  await ingress.post(`/v1/events/${broken}/replay`, { reason: 'zyxq has called', by: 'j.doe' });
}

async function markRows(
  sql: Sql,
  { tenantId, cardholderId, cardId, stripeCardId }: Omit<MarkedHolder, 'eventIds'>,
  id: string,
): Promise<readonly string[]> {
  await sql`
    update cardholders set stripe_cardholder_id = ${`ich_${id}`}, kyc_session_id = ${`vs_${id}`},
           kyc_url = 'https://verify.example.com/zyxq',
           kyc_last_error = '{"code": "document_expired", "reason": "The passport of zyxq has expired."}'
     where cardholder_id = ${cardholderId}`;
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year,
      carrier, tracking_number, tracking_url)
    values (${tenantId}, ${stripeCardId}, ${cardId}, 1, 'canceled', '4242', 12, 2030, 'zyxq post', 'ZYXQ1',
      'https://parcel.example.com/zyxq')`;
  await sql`update cards set stripe_card_id = ${stripeCardId} where card_id = ${cardId}`;
  for (const [subject, step] of [
    [cardholderId, 'create_cardholder'],
    [cardId, 'create_card'],
  ] as const) {
    await sql`
      insert into stripe_attempts (tenant_id, subject_id, step, attempt, idempotency_key, request, result_id, finished_at)
      values (${tenantId}, ${subject}, ${step}, 1, ${`${subject}/${step}`}, '{"name": "zyxq"}', ${`x_${step}_${id}`}, now())`;
  }
  await sql`
    insert into card_timeline (tenant_id, card_id, kind, phase, body)
    values (${tenantId}, ${cardId}, 'command_decide_kyc', 'kyc', '{"approved": true, "reason": "Passport of zyxq"}')`;
  await openAttention(sql, {
    tenantId,
    kind: 'details_refused',
    subject: cardId,
    cardId,
    details: { detail: 'zyxq is no name' },
  });
  await sql`
    insert into audit_log (actor, action, subject, reason, details)
    values ('api-key:desk', 'attention.resolved', ${cardId}, 'zyxq has called', '{"note": "zyxq"}')`;
  return markInbox(sql, tenantId, { id, stripeCardId });
}

/** Events of the holder, the card and a purchase, and one of an object that nobody knows but that shows the holder. */
async function markInbox(
  sql: Sql,
  tenantId: string,
  { id, stripeCardId }: { readonly id: string; readonly stripeCardId: string },
): Promise<readonly string[]> {
  const holder = { id: `ich_${id}`, name: 'Zyxqada', phone_number: '+14155559876' };
  const card = { id: stripeCardId, cardholder: holder };
  const events = [
    { type: 'issuing_cardholder.updated', group: holder.id, object: holder },
    { type: 'issuing_card.created', group: stripeCardId, object: card },
    {
      type: 'issuing_authorization.created',
      group: stripeCardId,
      object: { id: `iauth_${id}`, card },
    },
    {
      type: 'identity.verification_session.verified',
      group: `vs_${id}`,
      object: { id: `vs_${id}`, name: 'zyxq' },
    },
    { type: 'issuing_token.created', group: `intok_${id}`, object: { id: `intok_${id}`, card } },
  ];
  const ids: string[] = [];
  const created = Math.floor(Date.now() / 1_000);
  for (const [index, { type, group, object }] of events.entries()) {
    const eventId = `evt_${id}_${index}`;
    ids.push(eventId);
    await sql`
      insert into inbox (tenant_id, event_id, source, type, object_id, group_key, created, payload)
      values (${tenantId}, ${eventId}, 'webhook', ${type}, ${object.id}, ${group}, ${created},
        ${JSON.stringify({ id: eventId, type, created, data: { object } })})`;
  }
  return ids;
}

/** What the relay and the card's workflow would have done by now. */
export async function settle(sql: Sql, { cardId, eventIds }: MarkedHolder): Promise<void> {
  await sql`
    update inbox set status = 'applied', settled_at = now(), settled_by = pg_current_xact_id()
     where event_id = any (${[...eventIds]})`;
  await sql`
    update inbox set status = 'attention', reason = 'cannot be read: zyxq' where event_id = ${String(eventIds[2])}`;
  await sql`
    update attention_items set closed_at = clock_timestamp(), resolution = 'zyxq is spelled so'
     where card_id = ${cardId} and closed_at is null`;
  await sql`update cards set phase = 'closed' where card_id = ${cardId}`;
}
