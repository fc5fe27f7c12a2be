/**
 * What must be so after a chaos run, as lists of what is not: each names what differs, so that an empty list is the proof.
 * Stripe's side is read from the simulator, ours from the tables and the API.
 */
import type { Sql } from '../../../src/adapters/postgres/pool.ts';
import { expectedByCard } from '../../../src/apps/cli/demo/fold.ts';
import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { EVENT_HANDLING } from '../../../src/domain/event-types.ts';
import { runCommand } from '../run-command.ts';
import type { SpendingCard } from './card-program.ts';

/** Asked and answered on a line of its own: Stripe lists it, and nobody here stores it. */
const NOT_STORED = 'issuing_authorization.request';
const EVENTS_PER_PAGE = 100;
/** A page of a list that differs is enough to see what kind of thing went wrong. */
const SHOWN_MAX = 20;

/** Every event that Stripe lists, as `account id type`, but for requests. */
export async function eventsAtStripe({
  stripe,
  connectedAccount,
}: DemoProgram): Promise<ReadonlySet<string>> {
  const events = new Set<string>();
  for (const stripeAccount of [undefined, connectedAccount]) {
    const options = stripeAccount === undefined ? {} : { stripeAccount };
    for await (const { id, type } of stripe.events.list({ limit: EVENTS_PER_PAGE }, options)) {
      if (type !== NOT_STORED) events.add(`${stripeAccount ?? 'platform'} ${id} ${type}`);
    }
  }
  return events;
}

/** How many of each type the simulator has made, by its own count: a second opinion beside its list. */
async function madeAtStripe({ stack }: DemoProgram): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${stack.urls.simulator}/_sim/audit`);
  const { events } = (await answer.json()) as { events: { types: Record<string, number> } };
  return new Map(Object.entries(events.types).filter(([type]) => type !== NOT_STORED));
}

/** The events of the simulator, by its list and its audit, and those of the inbox, compared as sets. */
export async function unequalEvents(program: DemoProgram, sql: Sql): Promise<readonly string[]> {
  const atStripe = await eventsAtStripe(program);
  const rows = await sql<{ event: string }[]>`
    select coalesce(stripe_account, 'platform') || ' ' || event_id || ' ' || type as event
      from inbox where source in ('webhook', 'catch_up')`;
  const ours = new Set(rows.map(({ event }) => event));
  const counts = countsOf([...ours].map((event) => event.split(' ').at(-1) ?? ''));
  const made = await madeAtStripe(program);
  const types = new Set([...made.keys(), ...counts.keys()]);
  return [
    ...[...atStripe].filter((event) => !ours.has(event)).map((event) => `missing: ${event}`),
    ...[...ours].filter((event) => !atStripe.has(event)).map((event) => `unknown: ${event}`),
    ...[...types]
      .filter((type) => made.get(type) !== counts.get(type))
      .map((type) => `${type}: ${counts.get(type) ?? 0} here, ${made.get(type) ?? 0} made`),
  ].slice(0, SHOWN_MAX);
}

const countsOf = (values: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

/** How many events no delivery had brought. */
export async function caughtUp(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from inbox where source = 'catch_up'`;
  return row?.count ?? 0;
}

/** What must be read is not to be passed over. */
const READ_TYPES = Object.entries(EVENT_HANDLING)
  .filter(([, { handling }]) => handling === 'applied')
  .map(([type]) => type);

/** Rows that are there twice, not worked off or passed over, and clearing records that are not booked exactly once. */
export async function notAppliedOnce(program: DemoProgram, sql: Sql): Promise<readonly string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'twice in the inbox: ' || event_id as what from inbox
     group by event_id, coalesce(stripe_account, '') having count(*) > 1
    union all
    select 'not settled: ' || event_id || ' ' || type || ' ' || status || ' ' || coalesce(reason, '')
      from inbox where status in ('pending', 'attention') or settled_by is null
    union all
    select 'passed over: ' || event_id || ' ' || type || ' ' || coalesce(reason, '')
      from inbox where status = 'ignored' and type = any (${READ_TYPES})
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

/** Cards whose phase is not what Stripe's object asks for, and live cards at Stripe that are the current one of none of these. */
export async function phasesThatDisagree(
  program: DemoProgram,
  cardIds: readonly string[],
): Promise<readonly string[]> {
  const atStripe = new Map(
    (await program.control.objects()).flatMap(({ cards }) => cards.map((card) => [card.id, card])),
  );
  const current = new Set<string | undefined>();
  const compared = await Promise.all(
    cardIds.map(async (id) => {
      const { phase, frozen, stripeCard } = await program.api.cards.get(id);
      current.add(stripeCard?.id);
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
  const nobodys = [...atStripe.values()].filter(
    ({ id, status }) => status !== 'canceled' && !current.has(id),
  );
  return [...compared.flat(), ...nobodys.map(({ id, status }) => `${id}: ${status}, and nobody's`)];
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
