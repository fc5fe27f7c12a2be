/**
 * Tells many scripts at once in Postgres: decisions are calls of the decision function, commands those of the API,
 * events go through the inbox. Each telling has a tenant, an account and cards of its own, and all of them share every batch.
 */

import { createAccountStore } from '../../src/adapters/postgres/account-store.ts';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { createCardStore } from '../../src/adapters/postgres/card-store.ts';
import { storeFetched } from '../../src/adapters/postgres/fetched-authorizations.ts';
import type { Queryable, Sql } from '../../src/adapters/postgres/pool.ts';
import { groupKeyOf, objectIdOf } from '../../src/adapters/stripe/event-subject.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { idAt, type Json, objectAt } from '../../src/adapters/stripe/wire.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import { parseStripeAccountId, type StripeCardId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { surplusOf } from '../../src/domain/surplus.ts';
import type { BookingOutcome } from '../../src/ports/accounts.ts';
import type { MemoryCommand } from '../support/memory-books.ts';
import type { PostgresTelling } from './postgres-telling.ts';
import type { Decided } from './real-time.ts';
import type { Look } from './recorded.ts';
import { looksAt } from './telling.ts';

/** Within what the rules hold at a pump, as it is at the end of every script that stops at one. */
export const NOW_MS = Date.UTC(2026, 0, 1, 1);
const SLOW_BATCHES_MAX = 3;

const json = (value: unknown): string => JSON.stringify(value);

/** Tells batch after batch of all tellings; throws at the first batch after which something is wrong. */
export async function tellPostgres(sql: Sql, tellings: readonly PostgresTelling[]): Promise<void> {
  const rounds = Math.max(...tellings.map(({ batches }) => batches.length)) + SLOW_BATCHES_MAX;
  for (let round = 0; round < rounds; round += 1) {
    const batches = tellings.map((telling) => ({ telling, batch: telling.batches[round] ?? [] }));
    for (const { telling, batch } of batches) await recordCards(sql, telling, batch);
    await decideAll(sql, batches);
    await Promise.all(batches.map((each) => commandAll(sql, each)));
    await storeEvents(sql, batches);
    await storeLooks(sql, endedLooks(tellings));
    await applyAll(sql);
    await look(sql, tellings);
  }
  const last = (await tiedNow(sql, tellings)).map(({ telling, authorizationId }) => {
    const { looks } = telling.recorded;
    const found = looks.findLast((l) => telling.own(l.authorizationId) === authorizationId);
    if (found === undefined) throw new Error(`${telling.title}: nobody looked at the tie`);
    return { telling, look: found };
  });
  await storeLooks(sql, last);
  await applyAll(sql);
}

interface Batch {
  readonly telling: PostgresTelling;
  readonly batch: readonly number[];
}

async function recordCards(sql: Sql, telling: PostgresTelling, batch: readonly number[]) {
  for (const index of batch) {
    const step = telling.recorded.steps[index];
    const decided = telling.decided(index);
    // We approve for cards only that we know.
    const approved = decided?.decision.approved === true ? decided.stripeCardId : undefined;
    const id = step?.kind === 'card' ? step.stripeCardId : approved;
    if (id !== undefined) await recordCard(sql, telling, id);
  }
}

async function recordCard(sql: Sql, telling: PostgresTelling, id: StripeCardId): Promise<void> {
  if (telling.cards.has(id)) return;
  telling.cards.add(id);
  const { tenantId } = telling;
  await createCardStore(sql).recordStripeCard(
    {
      cardId: telling.cardId(id),
      tenant: { tenantId, stripeAccount: parseStripeAccountId(telling.stripeAccount) },
    },
    {
      card: {
        stripeCardId: telling.own(id),
        status: 'active',
        cancellationReason: null,
        last4: '4242',
        expMonth: 12,
        expYear: 2030,
        shippingStatus: null,
        replacedBy: null,
        parcel: null,
        fraudWarning: null,
      },
      attempt: telling.attempt(id),
      current: false,
    },
  );
}

/** Commits the decisions of the batches: one of each telling a call, so that each finds the room it needs. */
async function decideAll(sql: Sql, batches: readonly Batch[]): Promise<void> {
  for (;;) {
    const calls = batches.flatMap(({ telling, batch }) => {
      const index = batch.find((i) => telling.decided(i) !== undefined);
      const decided = index === undefined ? undefined : telling.decided(index);
      if (index === undefined || decided === undefined) return [];
      telling.steps.add(index);
      return [{ telling, decided }];
    });
    if (calls.length === 0) return;
    await makeRoom(sql, calls);
    await decide(sql, calls);
    await sql`
      update accounts set credit_limit_minor = 0
       where account_id = any (${calls.map(({ telling }) => telling.accountId)})`;
  }
}

interface Call {
  readonly telling: PostgresTelling;
  readonly decided: Decided;
}

/** A decision stands as it was made, whatever else has happened by now: the limit lends what it needs. */
async function makeRoom(sql: Sql, calls: readonly Call[]): Promise<void> {
  const rows = calls.map(({ telling, decided: { decision } }) => ({
    account_id: telling.accountId,
    need: decision.approvedMinor + surplusOf(decision.surplus, decision.approvedMinor),
  }));
  await sql`
    update accounts a set credit_limit_minor = greatest(0, r.need - a.available_minor)
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (account_id text, need bigint)
     where a.account_id = r.account_id`;
}

async function decide(sql: Sql, calls: readonly Call[]): Promise<void> {
  const profiles = await sql<{ place: number; profile: CardProfile }[]>`
    select place, card_profile(account, card) as profile
      from unnest(${calls.map(({ telling }) => telling.stripeAccount)}::text[],
        ${calls.map(({ telling, decided }) => telling.own(decided.stripeCardId))}::text[])
        with ordinality as r (account, card, place)`;
  const profileAt = new Map(profiles.map((row) => [row.place - 1, row.profile]));
  const requests = calls.map(({ telling, decided }, place) => {
    const { decision, declineReason, merchant, authorizationId, stripeCardId } =
      telling.own(decided);
    const versions = profileAt.get(place)?.versions;
    return {
      request_id: decision.requestId,
      decision_id: `dec_${decision.requestId.replaceAll('_', '')}`,
      tenant_id: telling.tenantId,
      card_id: telling.cardId(decided.stripeCardId),
      account_id: telling.accountId,
      cardholder_id: profileAt.get(place)?.cardholderId,
      card_version: versions?.card,
      account_version: versions?.account,
      cardholder_version: versions?.cardholder,
      tenant_version: versions?.tenant,
      stripe_account: telling.stripeAccount,
      stripe_card_id: stripeCardId,
      authorization_id: authorizationId,
      currency: telling.recorded.currency,
      asked_minor: decision.askedMinor,
      requested_at: decision.requestedS,
      surplus: decision.surplus,
      minimum_minor: decision.approvedMinor,
      rule_reason: declineReason,
      deadline_s: Date.now() / 1000 + 60,
      merchant,
    };
  });
  const [row] = await sql<{ answers: { outcome: string; approvedMinor: number }[] }[]>`
    select decide('[]', ${json(requests)}::text::json) as answers`;
  for (const [place, { telling, decided }] of calls.entries()) {
    const answer = row?.answers[place];
    const wanted = { outcome: 'decided', approvedMinor: decided.decision.approvedMinor };
    if (answer?.outcome !== wanted.outcome || answer.approvedMinor !== wanted.approvedMinor)
      throw new Error(`${telling.title}: ${json(answer)} is not ${json(wanted)}`);
  }
}

/** Gives the commands of a batch to the account; what was booked under a reference is answered once more. */
async function commandAll(sql: Sql, { telling, batch }: Batch): Promise<void> {
  const { entries, steps, title } = telling;
  for (const { index, command } of telling.commands(batch)) {
    const { externalRef } = command;
    const outcome = await sql.begin((tx) => give(tx, telling, command));
    if (outcome.kind !== 'booked')
      throw new Error(`${title}: ${externalRef} is refused: ${outcome.kind}`);
    const { entryId } = outcome.entry;
    if (entryId !== (entries.get(externalRef) ?? entryId))
      throw new Error(`${title}: ${externalRef} is booked twice`);
    entries.set(externalRef, entryId);
    steps.add(index);
  }
}

function give(
  sql: Queryable,
  { accountId, entries }: PostgresTelling,
  { kind, externalRef, corrects, changeMinor }: MemoryCommand,
): Promise<BookingOutcome> {
  const accounts = createAccountStore(sql);
  const command = { accountId, externalRef, atMs: NOW_MS };
  const amountMinor = minorUnits(Math.abs(changeMinor));
  switch (kind) {
    case 'credit':
      return accounts.credit({ ...command, amountMinor });
    case 'debit':
      return accounts.debit({ ...command, amountMinor });
    case 'correction':
      return accounts.reverse({ ...command, entryId: entries.get(corrects ?? '') ?? 'none' });
  }
}

async function storeEvents(sql: Sql, batches: readonly Batch[]): Promise<void> {
  const rows = batches.flatMap(({ telling, batch }) =>
    batch.flatMap((index) => {
      const event = telling.event(index);
      if (event === undefined) return [];
      telling.steps.add(index);
      return [inboxRow(telling, event)];
    }),
  );
  if (rows.length === 0) return;
  await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select tenant_id, stripe_account, event_id, 'webhook', type, object_id, group_key, created, payload
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (tenant_id text, stripe_account text, event_id text,
        type text, object_id text, group_key text, created bigint, payload text)`;
}

const inboxRow = ({ tenantId, stripeAccount }: PostgresTelling, event: Json) => ({
  tenant_id: tenantId,
  stripe_account: stripeAccount,
  event_id: event['id'],
  type: event['type'],
  object_id: objectIdOf(event),
  group_key: groupKeyOf(event),
  created: event['created'],
  payload: JSON.stringify(event),
});

function endedLooks(tellings: readonly PostgresTelling[]) {
  return tellings.flatMap((telling) => {
    for (const each of telling.underWay) each.batches -= 1;
    const ended = telling.underWay.filter(({ batches }) => batches < 0);
    telling.underWay = telling.underWay.filter(({ batches }) => batches >= 0);
    return ended.map((each) => ({ telling, look: each.look }));
  });
}

async function storeLooks(
  sql: Sql,
  looks: readonly { readonly telling: PostgresTelling; readonly look: Look }[],
): Promise<void> {
  const found = looks.map(({ telling, look: made }) => {
    telling.looks.add(made);
    const object = objectAt(objectAt(telling.own(made.event), 'data'), 'object');
    const { tenantId, stripeAccount } = telling;
    return {
      tenantId,
      stripeAccount,
      stripeCardId: idAt(object, 'card'),
      authorizationId: telling.own(made.authorizationId),
      fetched: { object, asOfS: made.atS },
    };
  });
  await storeFetched(sql, found);
}

async function applyAll(sql: Sql): Promise<void> {
  const errors: unknown[] = [];
  for (;;) {
    const { applied, ignored, attention } = await applyInbox(sql, {
      interpret: interpretEvent,
      clock: { nowMs: () => NOW_MS },
      lanesMax: 2,
      onError: (_group, error) => errors.push(error),
    });
    if (errors.length > 0) throw new AggregateError(errors, 'a group could not be applied');
    if (applied + ignored + attention === 0) return;
  }
}

/** Looks at every account, and begins looks at Stripe where something is tied. */
async function look(sql: Sql, tellings: readonly PostgresTelling[]): Promise<void> {
  const accounts = await sql<{ account_id: string; available_minor: number }[]>`
    select account_id, available_minor from accounts`;
  const available = new Map(accounts.map((row) => [row.account_id, row.available_minor]));
  const waiting = await sql<{ event_id: string }[]>`
    select event_id from inbox where status = 'pending'`;
  const parked = new Set(waiting.map((row) => row.event_id));
  for (const telling of tellings) {
    const waits = [...telling.steps].filter((index) => {
      const step = telling.recorded.steps[index];
      return step?.kind === 'event' && parked.has(telling.own(String(step.event['id'])));
    });
    const justified = telling.justifiedMinor(new Set(waits));
    const has = available.get(telling.accountId) ?? 0;
    if (has > justified)
      throw new Error(`${telling.title}: ${has} is available, but only ${justified} is justified`);
  }
  for (const { telling, authorizationId, tiedS } of await tiedNow(sql, tellings)) {
    if (telling.recorded.script.mayTie !== true)
      throw new Error(`${telling.title}: ${authorizationId} is tied`);
    const id = telling.recorded.looks.find(
      (l) => telling.own(l.authorizationId) === authorizationId,
    );
    if (id === undefined) continue;
    const newest = Math.max(...telling.steps);
    const possible = looksAt(telling.recorded, id.authorizationId, { tiedS, newest });
    const begun = telling.random.pick(possible);
    if (begun === undefined || telling.random.chance(1 / 3)) continue;
    telling.underWay.push({ look: begun, batches: telling.random.below(SLOW_BATCHES_MAX) });
  }
}

async function tiedNow(sql: Sql, tellings: readonly PostgresTelling[]) {
  const rows = await sql<{ tenant_id: string; authorization_id: string; tied_s: number }[]>`
    select tenant_id, authorization_id, (snapshot -> 0 -> 'rank' ->> 'atS')::float8 as tied_s
      from authorizations where 'tied' = any (flags)`;
  return rows.flatMap((row) => {
    const telling = tellings.find(({ tenantId }) => tenantId === row.tenant_id);
    return telling === undefined
      ? []
      : [{ telling, authorizationId: row.authorization_id, tiedS: row.tied_s }];
  });
}
