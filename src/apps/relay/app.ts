/** The relay's loops: apply (inbox → books), notify (facts → signals), and the sweeps around them. */
import { hostname } from 'node:os';
import { applyInbox } from '../../adapters/postgres/apply/inbox-apply.ts';
import { applySuspects } from '../../adapters/postgres/apply/suspects.ts';
import { recheckLapsedSurplus } from '../../adapters/postgres/lapsed-surplus.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import type { Logger } from '../../platform/logger.ts';
import type {
  AuthorizationFetcher,
  AuthorizationLister,
} from '../../ports/authorization-fetcher.ts';
import type { CardWorkflows } from '../../ports/card-workflows.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KycRedactor } from '../../ports/kyc-provider.ts';
import type { UpkeepSchedules } from '../../ports/upkeep-schedules.ts';
import type { CompletenessPorts } from '../../reconciliation/completeness.ts';
import { createCatchUpRound } from './catch-up.ts';
import { createDayRound } from './days.ts';
import { startFigures } from './figures.ts';
import { interpretStored } from './interpret.ts';
import { type Loop, startLoop } from './loop.ts';
import { createNotifier } from './notify.ts';
import { createForgetRound, createRedactionRound } from './redaction.ts';
import type { RelayMetrics } from './relay-metrics.ts';
import { createRestartRound } from './restart-round.ts';
import { startRetention } from './retention.ts';
import { startRollUp } from './roll-up.ts';
import { createScheduleRound } from './schedules.ts';
import { createTieSettler } from './ties.ts';
import { createHoldLooker } from './unconfirmed.ts';

/** Lanes worked off side by side: as many as the pool has connections to spare. */
const LANES_AT_ONCE_MAX = 4;
/** Without a notification the inbox is looked at this often: parked rows become due without one. */
const APPLY_PAUSE_MS = 250;
/** How often rows are looked for whose group failed, or whose relay died: few, and only they wait. */
const SUSPECTS_PAUSE_MS = 500;
/** Without a notification facts are looked at this often. */
const NOTIFY_PAUSE_MS = 1_000;
/** How often digests, forgotten workflows, ties and unconfirmed holds are looked at. */
const SWEEP_PAUSE_MS = 1_000;
/** Lapsed fuel holds are looked for this often: they are rare, and lapse after a day. */
const FUEL_PAUSE_MS = 60_000;
/** A new tenant has its schedules, and a lost one is caught up for, within this. */
const UPKEEP_PAUSE_MS = 10_000;
/** Days that nobody has compared are looked for this often: they have waited for hours. */
const DAYS_PAUSE_MS = 60_000;
/** Evidence of KYC is kept for weeks; a minute more does not matter. */
const REDACTION_PAUSE_MS = 60_000;

export interface RelayDependencies {
  readonly sql: Sql;
  readonly workflows: CardWorkflows;
  readonly fetcher: AuthorizationFetcher;
  readonly lister: AuthorizationLister;
  readonly redactor: KycRedactor;
  readonly upkeep: {
    readonly ports: CompletenessPorts;
    readonly schedules: UpkeepSchedules;
    /** How often the schedules have Stripe's list of events read. */
    readonly intervalMs: number;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RelayMetrics;
  readonly digestIntervalMs: number;
  /** How long events are kept. */
  readonly eventRetentionDays: number;
}

export interface Relay {
  stop(): Promise<void>;
}

export async function startRelay(deps: RelayDependencies): Promise<Relay> {
  const { sql, clock } = deps;
  const onError = errorReporter(deps);
  const notifier = createNotifier(sql, deps.workflows, {
    digestIntervalMs: deps.digestIntervalMs,
    clock,
    onError: onError('a card workflow could not be told; trying again'),
    onFree: () => notify.wake(),
  });
  const state = { isStopping: false };
  const isStopping = (): boolean => state.isStopping;
  const { apply, suspects } = startApplying(deps, isStopping);
  const stopping = new AbortController();
  const notify = startLoop({
    pauseMs: NOTIFY_PAUSE_MS,
    onError: onError('sending facts failed; trying again'),
    step: () => notifier.sendFacts(),
  });
  const sweep = startLoop({
    pauseMs: SWEEP_PAUSE_MS,
    onError: onError('sweeping failed; trying again'),
    step: () => notifier.sweep(),
  });
  const restarts = startLoop({
    pauseMs: SWEEP_PAUSE_MS,
    onError: onError('open cards could not be given their workflow; trying again'),
    step: createRestartRound(sql, deps.workflows, clock),
  });
  const rollUp = startRollUp(deps, onError('rolling up the ledger failed; trying again'));
  await sql.listen('inbox_waiting', () => apply.wake());
  await sql.listen('facts_waiting', () => notify.wake());
  const loops: readonly Loop[] = [
    apply,
    suspects,
    notify,
    sweep,
    restarts,
    rollUp,
    startFigures(deps, onError('measuring what waits failed; trying again')),
    ...startLooks(deps, isStopping),
    ...startForgetting(deps, isStopping),
    ...startUpkeep(deps, stopping.signal),
  ];
  return {
    async stop() {
      state.isStopping = true;
      stopping.abort(new Error('the relay stops'));
      await Promise.all(loops.map((loop) => loop.stop()));
      await notifier.idle();
    },
  };
}

const errorReporter =
  ({ metrics, logger }: RelayDependencies) =>
  (message: string) =>
  (error: unknown): void => {
    metrics.errors.inc();
    logger.error({ err: error }, message);
  };

/** The loops that move the books: one for all that waits, and one for what has failed, so that it holds up nobody. */
function startApplying(
  deps: RelayDependencies,
  isStopping: () => boolean,
): { readonly apply: Loop; readonly suspects: Loop } {
  const { sql, clock, logger, metrics } = deps;
  const onError = errorReporter(deps);
  const options = {
    interpret: interpretStored,
    clock,
    relay: `${hostname()}/${process.pid}`,
    lanesMax: LANES_AT_ONCE_MAX,
    isStopping,
    onError: (group: string, error: unknown) => {
      metrics.errors.inc();
      logger.error({ group, err: error }, 'a group could not be applied; trying again');
    },
  };
  const stepOf = (work: typeof applyInbox) => async (): Promise<boolean> => {
    const counts = await work(sql, options);
    metrics.count(counts);
    // Parked rows and locked groups come back by themselves; only what was settled makes room for more.
    return counts.applied + counts.ignored + counts.attention > 0;
  };
  return {
    apply: startLoop({
      pauseMs: APPLY_PAUSE_MS,
      onError: onError('applying the inbox failed; trying again'),
      step: stepOf(applyInbox),
    }),
    suspects: startLoop({
      pauseMs: SUSPECTS_PAUSE_MS,
      onError: onError('applying what had failed was not possible; trying again'),
      step: stepOf(applySuspects),
    }),
  };
}

/** The loops that end what is kept of persons. */
function startForgetting(deps: RelayDependencies, isStopping: () => boolean): readonly Loop[] {
  const { sql, clock, redactor, logger } = deps;
  const onError = errorReporter(deps);
  return [
    ...startRetention(
      {
        sql,
        clock,
        logger,
        metrics: deps.metrics.retention,
        keptDays: deps.eventRetentionDays,
      },
      onError('dropping what is old failed; trying again'),
    ),
    startLoop({
      pauseMs: REDACTION_PAUSE_MS,
      onError: onError('redacting KYC checks failed; trying again'),
      step: createRedactionRound(sql, redactor, {
        clock,
        isStopping,
        onError: onError('a KYC check could not be redacted; trying again'),
      }),
    }),
    startLoop({
      pauseMs: REDACTION_PAUSE_MS,
      onError: onError('forgetting old requests failed; trying again'),
      step: createForgetRound(sql, clock),
    }),
  ];
}

/** The loops by which Stripe's list of events is read, and compared, again and again. */
function startUpkeep(deps: RelayDependencies, signal: AbortSignal): readonly Loop[] {
  const { clock, metrics, upkeep } = deps;
  const onError = errorReporter(deps);
  return [
    startLoop({
      pauseMs: UPKEEP_PAUSE_MS,
      onError: onError('schedules could not be kept; trying again'),
      step: createScheduleRound(upkeep.ports.store, upkeep.schedules, {
        clock,
        isStopping: () => signal.aborted,
      }),
    }),
    startLoop({
      pauseMs: UPKEEP_PAUSE_MS,
      onError: onError('catch-up failed; trying again'),
      step: createCatchUpRound(upkeep.ports, {
        clock,
        intervalMs: upkeep.intervalMs,
        signal,
        onError: onError('a tenant could not be caught up; trying again'),
        onStored: (count) => metrics.caughtUp.inc(count),
      }),
    }),
    startLoop({
      pauseMs: DAYS_PAUSE_MS,
      onError: onError('overdue days could not be looked for; trying again'),
      step: createDayRound(upkeep.ports, {
        clock,
        signal,
        onError: onError('the days of a tenant could not be compared; trying again'),
      }),
    }),
  ];
}

/** The loops that look again at authorizations of which no event tells. */
function startLooks(deps: RelayDependencies, isStopping: () => boolean): readonly Loop[] {
  const { sql, clock, metrics } = deps;
  const onError = errorReporter(deps);
  const tieSettler = createTieSettler(sql, deps.fetcher, {
    clock,
    onError: onError('an authorization could not be looked up; trying again'),
  });
  const holdLooker = createHoldLooker(sql, deps, {
    clock,
    isStopping,
    onError: onError('unconfirmed holds could not be looked up; trying again'),
    onCall: () => metrics.lookCalls.inc(),
    onEnd: (result, count) => metrics.looks.inc({ result }, count),
  });
  return [
    startLoop({
      pauseMs: SWEEP_PAUSE_MS,
      onError: onError('contradicting views could not be settled; trying again'),
      step: () => tieSettler.settle(),
    }),
    startLoop({
      pauseMs: SWEEP_PAUSE_MS,
      onError: onError('the look at unconfirmed holds failed; trying again'),
      step: () => holdLooker.look(),
    }),
    startLoop({
      pauseMs: FUEL_PAUSE_MS,
      onError: onError('the look at lapsed fuel holds failed; trying again'),
      async step() {
        await recheckLapsedSurplus(sql, Math.floor(clock.nowMs() / 1000));
        return false;
      },
    }),
  ];
}
