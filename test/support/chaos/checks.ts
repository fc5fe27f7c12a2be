/**
 * What must be so after a chaos run, as lists of what is not: each names what differs, so that an empty list is the proof.
 * Stripe's side is read from the simulator, ours from the tables and the API.
 */
import type { Sql } from '../../../src/adapters/postgres/pool.ts';
import { expectedByCard } from '../../../src/apps/cli/demo/fold.ts';
import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { runCommand } from '../run-command.ts';
import type { SpendingCard } from './card-program.ts';

/** Asked and answered on a line of its own, or in no subscription: Stripe lists them and delivers them to nobody here. */
const NOT_DELIVERED = ['issuing_authorization.request', 'identity.verification_session.redacted'];
const EVENTS_PER_PAGE = 100;
/** A page of a list that differs is enough to see what kind of thing went wrong. */
const SHOWN_MAX = 20;

/** Every event that Stripe has made and delivers, as `account id type`. */
export async function eventsAtStripe({
  stripe,
  connectedAccount,
}: DemoProgram): Promise<ReadonlySet<string>> {
  const events = new Set<string>();
  for (const stripeAccount of [undefined, connectedAccount]) {
    const options = stripeAccount === undefined ? {} : { stripeAccount };
    for await (const { id, type } of stripe.events.list({ limit: EVENTS_PER_PAGE }, options)) {
      if (!NOT_DELIVERED.includes(type)) events.add(`${stripeAccount ?? 'platform'} ${id} ${type}`);
    }
  }
  return events;
}

/** The events of the simulator and of the inbox, compared as sets. */
export async function unequalEvents(program: DemoProgram, sql: Sql): Promise<readonly string[]> {
  const atStripe = await eventsAtStripe(program);
  const rows = await sql<{ event: string }[]>`
    select coalesce(stripe_account, 'platform') || ' ' || event_id || ' ' || type as event
      from inbox where source in ('webhook', 'catch_up') and not type = any (${NOT_DELIVERED})`;
  const ours = new Set(rows.map(({ event }) => event));
  return [
    ...[...atStripe].filter((event) => !ours.has(event)).map((event) => `missing: ${event}`),
    ...[...ours].filter((event) => !atStripe.has(event)).map((event) => `unknown: ${event}`),
  ].slice(0, SHOWN_MAX);
}

/** Rows that are there twice or not worked off, and clearing records that are not booked exactly once. */
export async function notAppliedOnce(program: DemoProgram, sql: Sql): Promise<readonly string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'twice in the inbox: ' || event_id as what from inbox
     group by event_id, coalesce(stripe_account, '') having count(*) > 1
    union all
    select 'not settled: ' || event_id || ' ' || type || ' ' || status || ' ' || coalesce(reason, '')
      from inbox where status in ('pending', 'attention') or settled_by is null
    limit ${SHOWN_MAX}`;
  const booked = await sql<{ transaction_id: string; times: number }[]>`
    select transaction_id, count(*)::int as times from journal_entries
     where kind in ('capture', 'refund') group by transaction_id`;
  const times = new Map(booked.map((row) => [row.transaction_id, row.times]));
  const accounts = await program.control.objects();
  const wrong = accounts
    .flatMap(({ transactions }) => transactions)
    .filter(({ id }) => times.get(id) !== 1)
    .map(({ id }) => `booked ${times.get(id) ?? 0} times: ${id}`);
  return [...rows.map(({ what }) => what), ...wrong.slice(0, SHOWN_MAX)];
}

/** Accounts whose balances are not their credits less what the simulator's final objects hold and have cleared. */
export async function booksThatDiffer(
  program: DemoProgram,
  cards: readonly SpendingCard[],
): Promise<readonly string[]> {
  const expected = expectedByCard(await program.control.objects());
  const compared = await Promise.all(
    cards.map(async ({ cardId, accountId, fundsMinor }) => {
      const { availableMinor, heldMinor } = await program.api.accounts.get(accountId);
      const { heldMinor: held, clearedMinor } = expected.get(cardId) ?? {
        heldMinor: 0,
        clearedMinor: 0,
      };
      const available = fundsMinor - held - clearedMinor;
      if (heldMinor === held && availableMinor === available) return [];
      return [
        `${cardId}: available ${availableMinor}, not ${available}; held ${heldMinor}, not ${held}`,
      ];
    }),
  );
  const { data } = await program.api.ledger.trialBalance();
  const sum = data.reduce((total, { balanceMinor }) => total + balanceMinor, 0);
  return [...compared.flat(), ...(sum === 0 ? [] : [`the trial balance sums to ${sum}`])];
}

/** Cards whose phase is not what Stripe's object asks for. */
export async function phasesThatDisagree(
  program: DemoProgram,
  cardIds: readonly string[],
): Promise<readonly string[]> {
  const atStripe = new Map(
    (await program.control.objects()).flatMap(({ cards }) => cards.map((card) => [card.id, card])),
  );
  const compared = await Promise.all(
    cardIds.map(async (id) => {
      const { phase, frozen, stripeCard } = await program.api.cards.get(id);
      const theirs = atStripe.get(stripeCard?.id ?? '');
      if (theirs === undefined) return [`${id}: ${phase}, and Stripe has no card of it`];
      const { status, shipping } = theirs;
      const isRight =
        status === stripeCard?.status &&
        phasesFor(status, shipping?.status ?? null, frozen).includes(phase);
      return isRight
        ? []
        : [`${id}: ${phase}, seen as ${stripeCard?.status}, and Stripe has it ${status}`];
    }),
  );
  return compared.flat();
}

function phasesFor(status: string, parcel: string | null, frozen: boolean): readonly string[] {
  if (status === 'canceled') return ['winding_down', 'closed'];
  if (status === 'active') return frozen ? [] : ['active'];
  if (frozen) return ['active', 'awaiting_delivery'];
  return parcel === null || parcel === 'delivered' ? [] : ['awaiting_delivery'];
}

/** The balances, summed anew posting by posting, by the command that operators run. */
export async function ledgerVerdict(
  { stack }: DemoProgram,
  env: Record<string, string> = {},
): Promise<string> {
  const { code, output } = await runCommand(['ledger-verify', '--all'], {
    DATABASE_URL: stack.databaseUrl,
    ...env,
  });
  return code === 0 ? 'right' : output;
}
