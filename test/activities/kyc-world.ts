/** The KYC of the holders of a test program: their rows, and the messages of those who check. */
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardId } from '../../src/domain/ids.ts';
import { applyDue } from '../relay/relay-inbox.ts';
import type { SignedCallback } from '../support/kyc-provider.ts';
import { event, store } from '../support/stripe-events.ts';
import type { Program } from './program.ts';

export interface HolderRow {
  readonly id: string;
  readonly tenantId: string;
  readonly status: string;
  readonly provider: string;
  readonly session: string | null;
  readonly url: string | null;
  readonly attempts: number;
  readonly error: { code: string; reason: string | null } | null;
}

export async function holderOf({ sql }: Program, cardId: CardId): Promise<HolderRow> {
  const [row] = await sql<HolderRow[]>`
    select cardholder_id as id, tenant_id as "tenantId", kyc_status as status, kyc_provider as provider,
           kyc_session_id as session, kyc_url as url, kyc_attempts as attempts, kyc_last_error as error
    from cardholders where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
  if (row === undefined) throw new Error('the holder is there');
  return row;
}

/** Tells our relay what Stripe shows of the holder's session, as its event would. */
export async function stripeTells(program: Program, cardId: CardId, atS?: number): Promise<void> {
  const { session, tenantId } = await holderOf(program, cardId);
  const answer = await fetch(
    `${program.simulator.url}/v1/identity/verification_sessions/${session}`,
    { headers: { authorization: 'Bearer sk_test_activities' } },
  );
  const object = (await answer.json()) as Record<string, unknown>;
  const type = `identity.verification_session.${String(object['status'])}`;
  const told = event(type, object, { atS: atS ?? Math.floor(Date.now() / 1_000) });
  await store(program.sql, tenantId, [told]);
  await apply(program);
}

/** Stores a callback of the provider as the ingress does, and applies it. */
export async function providerTells(
  program: Program,
  tenantId: string,
  { payload }: SignedCallback,
): Promise<void> {
  await store(program.sql, tenantId, [JSON.parse(payload) as Record<string, unknown>]);
  await apply(program);
}

async function apply({ sql }: Program): Promise<void> {
  const errors = await applyDue(sql);
  if (errors.length > 0) throw new AggregateError(errors, 'a message could not be applied');
}

/** What the outbox holds for a card, in order. */
export async function toldTo({ sql }: Program, cardId: CardId): Promise<readonly CardFact[]> {
  const rows = await sql<{ body: CardFact }[]>`
    select body from facts where card_id = ${cardId} order by fact_id`;
  return rows.map(({ body }) => body);
}

export const attemptsOf = async ({ sql }: Program, holderId: string): Promise<number> =>
  (
    await sql`select 1 from stripe_attempts where subject_id = ${holderId} and step = 'create_verification'`
  ).length;
