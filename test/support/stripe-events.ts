/** Stripe events as they arrive, made small: the fields that we read, with the values a test cares about. */
import { randomUUID } from 'node:crypto';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { groupKeyOf, objectIdOf } from '../../src/adapters/stripe/event-subject.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';

export const START_S = 1_800_000_000;
/** Of the relay in tests: it works when the events happen, whatever the day on which the test runs. */
export const arrivalClock = { nowMs: () => START_S * 1_000 };
const merchant = {
  name: 'Shop',
  category: 'bakeries',
  category_code: '5462',
  country: 'US',
  network_id: '1',
};

export interface AuthorizationFields {
  readonly id: string;
  readonly card: string;
  readonly amount?: number;
  readonly approved?: boolean;
  readonly status?: string;
  readonly history?: readonly {
    readonly amount: number;
    readonly approved: boolean;
    readonly created?: number;
  }[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whole, or by their ids alone. */
  readonly transactions?: readonly (Json | string)[];
  readonly currency?: string;
}

export const authorization = (fields: AuthorizationFields): Json => {
  const {
    amount = 1_000,
    approved = true,
    status = approved ? 'pending' : 'closed',
    currency = 'usd',
  } = fields;
  return {
    id: fields.id,
    object: 'issuing.authorization',
    card: { id: fields.card, object: 'issuing.card' },
    amount,
    approved,
    status,
    currency,
    created: START_S,
    metadata: fields.metadata ?? {},
    merchant_data: merchant,
    request_history: (fields.history ?? [{ amount, approved }]).map((entry) => ({
      amount: entry.amount,
      approved: entry.approved,
      created: entry.created ?? START_S,
      reason: entry.approved ? 'webhook_approved' : 'webhook_declined',
    })),
    transactions: fields.transactions ?? [],
  };
};

export const transaction = (fields: {
  readonly id: string;
  readonly card: string;
  readonly amount: number;
  readonly authorization?: string | null;
  readonly currency?: string;
}): Json => ({
  id: fields.id,
  object: 'issuing.transaction',
  type: fields.amount < 0 ? 'capture' : 'refund',
  card: fields.card,
  authorization: fields.authorization ?? null,
  amount: fields.amount,
  currency: fields.currency ?? 'usd',
  created: START_S + 60,
  merchant_data: merchant,
});

export interface EventOptions {
  readonly atS?: number;
  readonly previous?: Json;
  readonly id?: string;
}

export const event = (type: string, object: Json, options: EventOptions = {}): Json => ({
  id: options.id ?? `evt_${randomUUID().replaceAll('-', '')}`,
  object: 'event',
  type,
  created: options.atS ?? START_S,
  api_version: '2026-10-28.endive',
  data: {
    object,
    ...(options.previous === undefined ? {} : { previous_attributes: options.previous }),
  },
});

/** Puts events into the inbox as the receiver does. */
export async function store(
  sql: Sql,
  tenantId: string | null,
  events: readonly Json[],
): Promise<void> {
  const rows = events.map((body) => ({
    event_id: body['id'],
    type: body['type'],
    object_id: objectIdOf(body),
    group_key: groupKeyOf(body),
    created: body['created'],
    payload: JSON.stringify(body),
  }));
  await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select ${tenantId}, (select stripe_account from tenants where tenant_id = ${tenantId}), r.event_id, 'webhook',
           r.type, r.object_id, r.group_key, r.created, r.payload
      from jsonb_array_elements(${JSON.stringify(rows)}::text::jsonb) with ordinality as e (row, place),
           jsonb_to_record(e.row) as r (event_id text, type text, object_id text, group_key text, created bigint,
             payload text)
     order by e.place
    on conflict do nothing`;
}
