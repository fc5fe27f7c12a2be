/** How much memory one worker takes that keeps 2,000 live cards. */
import { readFile } from 'node:fs/promises';
import { createCardWorkflows } from '../../src/adapters/temporal/card-workflows.ts';
import { type CardId, idFrom, parseCardId } from '../../src/domain/ids.ts';
import { type Context, type Section, until } from './context.ts';

const CARDS = 2_000;
const CARDS_QUICK = 200;
const RSS_MAX_MIB = 1_024;
const STARTS_AT_ONCE = 16;
const KIB_PER_MIB = 1_024;

export async function memory(context: Context): Promise<Section> {
  const { program, temporal } = context;
  const cards = await copiesOf(context, context.quick ? CARDS_QUICK : CARDS);
  const before = { mib: await residentMiB(program), cached: await cachedWorkflows(program) };
  let peakMiB = before.mib;
  const workflows = createCardWorkflows(temporal.client);
  const waiting = [...cards];
  const lane = async (): Promise<void> => {
    for (let cardId = waiting.pop(); cardId !== undefined; cardId = waiting.pop()) {
      await workflows.start(cardId);
      // Each lives a little: what it heard of its spending is saved.
      const fact = { kind: 'spending_digest', purchases: 1, lastPurchaseMs: 1 } as const;
      await workflows.sendFacts(cardId, [{ factId: null, fact }]);
    }
  };
  const starting = Promise.all(Array.from({ length: STARTS_AT_ONCE }, lane));
  await until(async () => {
    peakMiB = Math.max(peakMiB, await residentMiB(program));
    return (await cachedWorkflows(program)) >= before.cached + cards.length;
  });
  await starting;
  const heard = await context.actionsOf(`card/${cards[0] ?? ''}`);
  const restMiB = await residentMiB(program);
  peakMiB = Math.max(peakMiB, restMiB);
  const name = `one worker with ${cards.length} live cards`;
  return {
    results: {
      [name]: {
        'MiB before': rounded(before.mib),
        'MiB at rest': rounded(restMiB),
        'MiB at most': rounded(peakMiB),
        'KiB a card': rounded(((restMiB - before.mib) * KIB_PER_MIB) / cards.length),
        'signals each': heard.signals,
      },
    },
    bars: [
      {
        name: `${name}, resident memory`,
        goal: `<= ${RSS_MAX_MIB} MiB`,
        got: `${rounded(peakMiB)} MiB`,
        ok: peakMiB <= RSS_MAX_MIB,
      },
    ],
  };
}

/** Rows of further cards in the state of the one that was played. */
async function copiesOf({ sql, card }: Context, count: number): Promise<readonly CardId[]> {
  const { cardId } = await card();
  const ids = Array.from({ length: count }, (_, n) => parseCardId(idFrom('card', `bench${n}`)));
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, state, stripe_card_id,
                       shipping, workflow_started_at)
    select c.tenant_id, made.id, c.cardholder_id, c.account_id, c.type, c.currency, c.phase, c.state, 'ic_' || made.id,
           c.shipping, now()
      from cards c cross join unnest(${ids}::text[]) as made (id) where c.card_id = ${cardId}`;
  return ids;
}

type Program = Context['program'];

/** Of the worker's process, as the kernel counts it. */
async function residentMiB({ stack }: Program): Promise<number> {
  const status = await readFile(`/proc/${stack.part('worker').pid()}/status`, 'utf8');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error('this system does not tell the memory of a process');
  return Number(kib) / KIB_PER_MIB;
}

async function cachedWorkflows({ stack }: Program): Promise<number> {
  const metrics = await (await fetch(`${stack.urls.worker}/metrics`)).text();
  return Number(/^issuing_worker_cached_workflows(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? 0);
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
