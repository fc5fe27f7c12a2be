/** What becomes too old to be kept: events after 30 days, and what is finished, if a run asks for it. */
import type { AuthorizationRow } from '../machines/authorization.ts';
import { SECONDS_PER_DAY } from '../machines/duration.ts';
import type { Deliverer } from '../webhooks/delivery.ts';
import type { Account } from './account.ts';
import type { SimulatorClock } from './clock.ts';

/** Stripe lists events of the last 30 days. */
const EVENT_RETENTION_SECONDS = 30 * SECONDS_PER_DAY;
/** Authorizations end in any order, so all of them are looked at: once in this much simulator time. */
const SWEEP_INTERVAL_SECONDS = SECONDS_PER_DAY;

interface Kept {
  readonly clock: SimulatorClock;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly deliverer: Deliverer;
}

export class Retention {
  readonly #world: Kept;
  readonly #seconds: number | undefined;
  #nextSweepAt: number;

  /** `days` is how long finished objects are kept; undefined keeps them for ever. */
  constructor(world: Kept, days: number | undefined) {
    this.#world = world;
    this.#seconds = days === undefined ? undefined : days * SECONDS_PER_DAY;
    this.#nextSweepAt = world.clock.now() + SWEEP_INTERVAL_SECONDS;
  }

  /** Drops what is too old now. */
  drop(): void {
    const now = this.#world.clock.now();
    const accounts = [...this.#world.accounts.values()];
    for (const account of accounts) this.#dropEvents(account, now - EVENT_RETENTION_SECONDS);
    if (this.#seconds === undefined) return;
    // A snapshot may have brought a time from before the last sweep back.
    const wentBack = now < this.#nextSweepAt - SWEEP_INTERVAL_SECONDS;
    if (now < this.#nextSweepAt && !wentBack) return;
    this.#nextSweepAt = now + SWEEP_INTERVAL_SECONDS;
    for (const account of accounts) {
      dropPurchases(account, now - this.#seconds);
      dropOthers(account, now - this.#seconds);
    }
  }

  /** Events that are still to be delivered stay, however old a leap of the clock has made them. */
  #dropEvents(account: Account, before: number): void {
    const { undelivered } = this.#world.deliverer;
    const dropped = account.events.removeWhile(
      ({ id, created }) => created < before && undelivered.openOf(id) === 0,
    );
    for (const { id } of dropped) undelivered.forget(id);
  }
}

/**
 * Drops authorizations that are not pending and whose latest sign of life, their last transaction's or their own, was
 * before the moment; with them go their transactions, and old ones that never had an authorization. What is disputed
 * stays. Of the Issuing balance, the sum of what is dropped stays.
 */
function dropPurchases(account: Account, before: number): void {
  const { authorizations, transactions, balanceTransactions } = account;
  const isOver = ({ status, created, transactions: own }: AuthorizationRow): boolean =>
    status !== 'pending' &&
    created < before &&
    own.every((id) => {
      const transaction = transactions.get(id);
      return (
        transaction === undefined || (transaction.created < before && transaction.dispute === null)
      );
    });
  const dropped = new Set(authorizations.removeAll(isOver).map(({ id }) => id));
  const cleared = transactions.removeAll(({ authorization, created, dispute }) =>
    authorization === null ? created < before && dispute === null : dropped.has(authorization),
  );
  for (const { id } of cleared) dropped.add(id);
  const booked = balanceTransactions.removeAll(
    ({ source }) => source !== null && dropped.has(source),
  );
  if (booked.length > 0) account.balance.fold(booked, balanceTransactions.all());
}

/** Drops deleted tokens, verifications and report runs that were over before the moment, with what they made. */
function dropOthers(account: Account, before: number): void {
  const { tokens, sessions, reports, reportRuns, files } = account;
  tokens.removeAll((row) => row.status === 'deleted' && row.network_updated_at < before);
  const ended = sessions.removeAll(
    ({ created, status }) => created < before && (status === 'verified' || status === 'canceled'),
  );
  const endedIds = new Set(ended.map(({ id }) => id));
  reports.removeAll((row) => endedIds.has(row.verification_session));
  const done = reportRuns.removeAll(
    ({ created, status }) => created < before && status !== 'pending',
  );
  const results = new Set(done.map(({ result }) => result));
  files.removeAll(({ id }) => results.has(id));
}
