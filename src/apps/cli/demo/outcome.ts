/** Reads what became of the cards through the public surfaces, and checks each invariant that shows from outside. */
import type { Account, Decision, InboxSummary } from '../../../client/index.ts';
import { doubles, type ExpectedAccount, expectedByCard } from './fold.ts';
import type { JourneyEnd } from './journey.ts';
import { personalDataIn } from './personal-data.ts';
import { phasesOf } from './phases.ts';
import { askAgain, sendBadInput } from './probes.ts';
import type { DemoProgram } from './program.ts';
import type { DemoReport } from './report.ts';
import type { WebhookFigures } from './simulator-control.ts';
import { waitUntil } from './wait.ts';

/** A page is long enough for all that one demo card does. */
const PAGE = { limit: 100 } as const;
/** Events delivered a second time at the end: all of it must be recognized. */
const RESENT_EVENTS = 20;

interface CardOutcome {
  readonly end: JourneyEnd;
  readonly phase: string;
  readonly phases: readonly string[];
  readonly account: Account;
  readonly decisions: readonly Decision[];
}

/** Waits until every delivery was made and every stored event is worked off. */
export async function settle(program: DemoProgram, signal: AbortSignal): Promise<void> {
  await waitUntil(
    'all webhooks to be delivered and applied',
    async () => {
      const { pending } = await program.control.webhooks();
      if (pending > 0) return undefined;
      const inbox = await program.api.inbox.summary();
      return inbox.pending === 0 ? true : undefined;
    },
    signal,
  );
}

export async function collect(
  program: DemoProgram,
  ends: readonly JourneyEnd[],
  run: { readonly seed: number; readonly signal: AbortSignal },
): Promise<DemoReport> {
  await settle(program, run.signal);
  const before = await ledgerOf(program);
  const repeats = await deliverAgain(program);
  const sameAnswers = await askAgain(program);
  const refusals = await sendBadInput(program);
  await settle(program, run.signal);
  const ledger = await ledgerOf(program);
  const cards = await Promise.all(ends.map((end) => outcomeOf(program, end)));
  const objects = await program.control.objects();
  const inbox = await program.api.inbox.summary();
  const webhooks = await program.control.webhooks();
  const decisions = cards.flatMap((card) => card.decisions);
  const leaks = await personalDataIn(program, ends);
  const expected = expectedByCard(objects);
  const frozen = cards.filter(({ end }) => end.approvedWhileFrozen !== null);
  const invariants: DemoReport['invariants'] = {
    booksBalance: Object.values(ledger).every((l) => l.sum === 0),
    booksEqualStripe: cards.every((card) => isAsExpected(card, expected)),
    holdsAreTrue: cards.every((card) => card.account.heldMinor >= 0),
    noOverspend: decisions.every(isWithinFunds),
    ...(sameAnswers === null ? {} : { oneAnswerPerRequest: sameAnswers }),
    repeatsChangeNothing: repeats > 0 && JSON.stringify(ledger) === JSON.stringify(before),
    nothingLost: (await sentEvents(program)).length === inbox.received && isWorkedOff(inbox),
    ...(frozen.length === 0
      ? {}
      : { freezingIsAtOnce: frozen.every(({ end }) => end.approvedWhileFrozen === false) }),
    oneOfEachAtStripe: doubles(objects).length === 0,
    badInputChangesNothing: refusals && JSON.stringify(ledger) === JSON.stringify(before),
    personalDataStaysOut: leaks.length === 0,
    cardsReachTheirPhase: cards.every(({ end, phase }) => phase === phaseOf(end)),
  };
  return {
    ok: Object.values(invariants).every(Boolean),
    seed: run.seed,
    cards: cards.map(({ end, phases, phase }) => ({
      id: end.cardId,
      workflowId: end.workflowId,
      phases,
      phase,
    })),
    purchases: purchaseFigures(ends),
    decisions: decisionFigures(decisions, webhooks.answerTimes),
    webhooks: {
      sent: webhooks.deliveries.sent,
      received: inbox.received,
      duplicates: webhooks.deliveries.succeeded - inbox.received,
      applied: inbox.applied,
      ignored: inbox.ignored,
      attention: inbox.attention,
    },
    ledger,
    invariants,
  };
}

const phaseOf = ({ plan }: JourneyEnd): string => (plan.isCancelled ? 'winding_down' : 'active');

async function outcomeOf(program: DemoProgram, end: JourneyEnd): Promise<CardOutcome> {
  const { api } = program;
  const [card, account, decisions, timeline] = await Promise.all([
    api.cards.get(end.cardId),
    api.accounts.get(end.accountId),
    api.cards.decisions(end.cardId, PAGE),
    api.cards.timeline(end.cardId, { ...PAGE, source: 'lifecycle' }),
  ]);
  return {
    end,
    phase: card.phase,
    phases: phasesOf(timeline.data),
    account,
    decisions: decisions.data,
  };
}

function isAsExpected(card: CardOutcome, expected: ReadonlyMap<string, ExpectedAccount>): boolean {
  const { heldMinor, clearedMinor } = expected.get(card.end.cardId) ?? {
    heldMinor: 0,
    clearedMinor: 0,
  };
  const availableMinor = card.end.plan.fundsMinor - heldMinor - clearedMinor;
  return card.account.heldMinor === heldMinor && card.account.availableMinor === availableMinor;
}

const isWithinFunds = (decision: Decision): boolean =>
  !decision.approved || decision.approvedMinor <= (decision.availableBeforeMinor ?? 0);

/** Each stored event ended as applied, as ignored, or as an item for a person. */
const isWorkedOff = (inbox: InboxSummary): boolean =>
  inbox.pending === 0 && inbox.applied + inbox.ignored + inbox.attention === inbox.received;

/** Types that `*` leaves out: they go to endpoints of their own, or to nobody here. */
const NOT_DELIVERED = new Set(['issuing_authorization.request']);

/** Every event that Stripe has made and that our endpoints subscribe to, of all accounts. */
async function sentEvents(program: DemoProgram): Promise<readonly string[]> {
  const sent: string[] = [];
  for (const options of [{}, { stripeAccount: program.connectedAccount }]) {
    for await (const event of program.stripe.events.list({ limit: 100 }, options)) {
      if (!NOT_DELIVERED.has(event.type)) sent.push(event.id);
    }
  }
  return sent;
}

function purchaseFigures(ends: readonly JourneyEnd[]): DemoReport['purchases'] {
  const figures: Record<string, number> = {};
  for (const { kind } of ends.flatMap(({ plan }) => plan.purchases)) {
    figures[kind] = (figures[kind] ?? 0) + 1;
  }
  return figures;
}

/** Has some of the events delivered a second time; answers how many. */
async function deliverAgain(program: DemoProgram): Promise<number> {
  const chosen = (await sentEvents(program))
    .filter((_id, index) => index % 3 === 0)
    .slice(0, RESENT_EVENTS);
  for (const id of chosen) await program.control.resend(id);
  return chosen.length;
}

async function ledgerOf({ api }: DemoProgram): Promise<DemoReport['ledger']> {
  const { data } = await api.ledger.trialBalance();
  const ledger: Record<string, DemoReport['ledger'][string]> = {};
  for (const currency of new Set(data.map((row) => row.currency))) {
    const rows = data.filter((row) => row.currency === currency);
    const of = (kind?: string): number =>
      rows
        .filter((r) => kind === undefined || r.kind === kind)
        .reduce((sum, r) => sum + r.balanceMinor, 0);
    ledger[currency.toUpperCase()] = {
      available: of('available'),
      held: of('held'),
      networkSettlement: of('network_settlement'),
      funding: of('funding'),
      sum: of(),
    };
  }
  return ledger;
}

function decisionFigures(
  decisions: readonly Decision[],
  { p50Ms, p99Ms, maxMs }: WebhookFigures['answerTimes'],
): DemoReport['decisions'] {
  const declined: Record<string, number> = {};
  for (const { approved, reason } of decisions) {
    if (!approved) declined[reason] = (declined[reason] ?? 0) + 1;
  }
  return {
    approved: decisions.filter((decision) => decision.approved).length,
    declined,
    latencyMs: { p50: rounded(p50Ms), p99: rounded(p99Ms), max: rounded(maxMs) },
  };
}

/** To a hundredth; more digits would be noise. */
const rounded = (ms: number): number => Math.round(ms * 100) / 100;
