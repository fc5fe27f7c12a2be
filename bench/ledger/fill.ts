/** Fills a database: the card program, the decisions made before, and the events that wait to be applied. */
import { createEventIntake } from '../../src/adapters/postgres/inbox-store.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { IncomingEvent } from '../../src/ports/event-intake.ts';
import { applyAll } from './apply.ts';
import {
  accountOfCard,
  cardholderOfCard,
  cardId,
  createProgram,
  type ProgramSize,
  STRIPE_ACCOUNT,
  stripeCardId,
  TENANT,
} from './program.ts';
import type { MadeDecision, Stream } from './stream.ts';

/** As many as an authorizer under load decides in one call. */
const DECISIONS_PER_CALL = 200;
/** Below what the intake lets wait. */
const EVENTS_AT_ONCE = 1_000;
/** Nothing here is in a hurry. */
const DEADLINE_AFTER_S = 3_600;

/** The earlier part of the stream is applied beforehand: tables of a program that runs are not empty. */
const EARLIER_SHARE = 0.2;

export async function fill(sql: Sql, size: ProgramSize, stream: Stream): Promise<void> {
  await createProgram(sql, size);
  for (const some of chunks(stream.decisions, DECISIONS_PER_CALL)) await decide(sql, size, some);
  const earlier = Math.floor(stream.events.length * EARLIER_SHARE);
  await storeEvents(sql, stream.events.slice(0, earlier));
  await applyAll(sql);
  await storeEvents(sql, stream.events.slice(earlier));
}

async function storeEvents(sql: Sql, events: readonly IncomingEvent[]): Promise<void> {
  const intake = createEventIntake(sql);
  for (const some of chunks(events, EVENTS_AT_ONCE)) {
    await Promise.all(some.map((event) => intake.store(event)));
  }
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, n) => items.slice(n * size, (n + 1) * size));
}

async function decide(sql: Sql, size: ProgramSize, made: readonly MadeDecision[]): Promise<void> {
  const deadlineS = Date.now() / 1000 + DEADLINE_AFTER_S;
  const requests = made.map(({ card, authorizationId, requestId, amountMinor, requestedS }) => ({
    request_id: requestId,
    decision_id: `dec_${requestId.replaceAll('_', '')}`,
    tenant_id: TENANT,
    card_id: cardId(card),
    account_id: accountOfCard(card, size),
    cardholder_id: cardholderOfCard(card, size),
    card_version: 1,
    account_version: 1,
    cardholder_version: 1,
    tenant_version: 1,
    stripe_account: STRIPE_ACCOUNT,
    stripe_card_id: stripeCardId(card),
    authorization_id: authorizationId,
    currency: 'usd',
    asked_minor: amountMinor,
    requested_at: requestedS,
    merchant: {
      name: 'Shop',
      category: 'bakeries',
      categoryCode: '5462',
      country: 'US',
      networkId: '1',
    },
    surplus: { kind: 'none' },
    minimum_minor: amountMinor,
    deadline_s: deadlineS,
  }));
  const [row] = await sql<{ replies: readonly { readonly approved?: boolean }[] }[]>`
    select decide('[]', ${JSON.stringify(requests)}::text::json) as replies`;
  const refused = row?.replies.find((reply) => reply.approved !== true);
  if (refused !== undefined) throw new Error(`not approved: ${JSON.stringify(refused)}`);
}
