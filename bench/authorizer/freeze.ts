/**
 * A card is frozen and unfrozen in a tight loop while it is asked about: nothing that was decided between the commit
 * of a freeze and the beginning of the next unfreeze may approve. All times are Postgres'.
 */
import { createCardControls } from '../../src/adapters/postgres/card-controls.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { parseCardId } from '../../src/domain/ids.ts';
import type { Database } from '../cluster.ts';
import { cardId } from '../ledger/program.ts';
import type { Random } from '../ledger/random.ts';
import type { Context, Section } from './context.ts';
import type { Asked } from './request.ts';

const CARD = parseCardId(cardId(0));
/** The other cards keep the calls full while the one is frozen. */
const CARDS = 8;
const CONNECTIONS = 16;
/** Both states last as long as a decision, more or less. */
const PAUSE_MAX_S = 0.01;
const REQUESTS = 20_000;
const REQUESTS_QUICK = 1_000;

interface Freeze {
  /** Postgres' time after the commit of the freeze, and before the unfreeze began. */
  readonly from: string;
  readonly to: string;
}

export async function freeze(context: Context): Promise<Section> {
  const database = await context.small('freeze', { cards: CARDS, accounts: CARDS });
  const server = await context.start.authorizer(database.appUrl);
  try {
    const asked = everySecond(context, context.isQuick ? REQUESTS_QUICK : REQUESTS);
    const pace = { kind: 'closed', connections: CONNECTIONS } as const;
    const ended = new AbortController();
    const load = context.load
      .run(context.plan(server.port, asked, pace))
      .finally(() => ended.abort());
    const freezes: Freeze[] = [];
    while (!ended.signal.aborted) freezes.push(await freezeOnce(database.app, context.random));
    const { outcomes } = await load;
    const counts = await countDecisions(database, freezes);
    return {
      results: {
        'freeze in a loop': {
          freezes: freezes.length,
          'declined while frozen': counts.declined,
          'approved in between': counts.approvedBetween,
          outcomes: Object.entries(outcomes)
            .map(([outcome, count]) => `${outcome} ${count}`)
            .join(', '),
        },
      },
      bars: [
        {
          name: 'approved after the answer of freeze',
          goal: '0',
          got: String(counts.approved),
          ok: counts.approved === 0,
        },
        {
          name: 'decided both while frozen and in between',
          goal: '> 0',
          got: `${counts.declined} and ${counts.approvedBetween}`,
          ok: counts.declined > 0 && counts.approvedBetween > 0,
        },
      ],
    };
  } finally {
    await server.stop();
    await database.close();
  }
}

/** Half of the requests are about the card that is frozen. */
function everySecond(context: Context, count: number): readonly Asked[] {
  const others = context.asked(
    count / 2,
    Array.from({ length: CARDS - 1 }, (_, card) => card + 1),
  );
  return context
    .asked(count / 2, [0])
    .flatMap((asked, index) => [asked, ...others.slice(index, index + 1)]);
}

const postgresNow = async (sql: Sql): Promise<string> => {
  const [row] = await sql<{ now: string }[]>`select clock_timestamp()::text as now`;
  return row?.now ?? '';
};

/** As the API does it, in one transaction each. */
async function freezeOnce(sql: Sql, random: Random): Promise<Freeze> {
  const pause = () => sql`select pg_sleep(${random.fraction() * PAUSE_MAX_S})`;
  await sql.begin(async (tx) => {
    const controls = createCardControls(tx);
    const card = await controls.lock(CARD);
    if (card !== undefined) await controls.freeze(card, { by: 'operator', reason: 'bench' });
  });
  const from = await postgresNow(sql);
  await pause();
  const to = await postgresNow(sql);
  await sql.begin(async (tx) => {
    const controls = createCardControls(tx);
    const card = await controls.lock(CARD);
    if (card !== undefined) await controls.unfreeze(card, { by: 'operator', reason: 'bench' });
  });
  await pause();
  return { from, to };
}

interface Counts {
  readonly approved: number;
  readonly declined: number;
  readonly approvedBetween: number;
}

async function countDecisions({ app }: Database, freezes: readonly Freeze[]): Promise<Counts> {
  const [counts] = await app<Counts[]>`
    select count(*) filter (where approved and is_frozen) as approved,
           count(*) filter (where reason = 'CARD_FROZEN' and is_frozen) as declined,
           count(*) filter (where approved and not is_frozen) as "approvedBetween"
      from (select d.*, exists (select from unnest(${freezes.map(({ from }) => from)}::text[]::timestamptz[],
                     ${freezes.map(({ to }) => to)}::text[]::timestamptz[]) f (start, stop)
                    where d.decided_at between f.start and f.stop) as is_frozen
              from decisions d where d.card_id = ${CARD}) decided`;
  if (counts === undefined) throw new Error('nothing was counted');
  return counts;
}
