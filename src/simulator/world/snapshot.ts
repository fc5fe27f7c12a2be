/** The whole state as one JSON value, and back: for the state file, and for the control routes. */
import { createHash } from 'node:crypto';
import type { CallFaultRule } from '../http/fault.ts';
import type { IdempotencyEntry, IdempotencyStore } from '../http/idempotency.ts';
import type { RateLimitMode } from '../http/rate-limit.ts';
import type { OpeningSum } from '../machines/issuing-balance.ts';
import type { SpendingEntry } from '../machines/spending-counter.ts';
import type { SimulatorOptions } from '../options.ts';
import type { SavedDeliveries } from '../webhooks/delivery.ts';
import type { DeliveryFaultRule } from '../webhooks/faults.ts';
import { Account, type AccountSettings, type RealtimeEndpoint, TABLE_NAMES } from './account.ts';
import type { ClockMode } from './clock.ts';
import type { NetworkState } from './network.ts';
import type { Counters } from './sequence.ts';
import type { Row, Table } from './table.ts';
import type { World } from './world.ts';

const FORMAT = 6;

interface AccountSnapshot {
  readonly id: string;
  readonly settings: AccountSettings;
  readonly realtime: RealtimeEndpoint | null;
  readonly declineAfterApproval: readonly string[];
  /** Saved because the rows behind these sums may have been dropped since. */
  readonly spending: readonly SpendingEntry[];
  /** The same for the Issuing balance. */
  readonly openingBalance: readonly OpeningSum[];
  readonly tables: Readonly<Record<string, readonly Row[]>>;
}

/** Options of the simulator that the rows of a snapshot were made under. */
type RuleOptions = Pick<SimulatorOptions, (typeof RULE_OPTIONS)[number]>;
const RULE_OPTIONS = ['capturedAmount', 'validityDays', 'validityDaysTravel'] as const;

export interface Snapshot {
  readonly format: number;
  /** Whether nothing happened after this snapshot that a restored simulator would have to know of. */
  readonly clean: boolean;
  readonly seed: number;
  readonly clock: ClockMode;
  readonly clockOffsetMs: number;
  readonly options: RuleOptions;
  readonly counters: Counters;
  readonly platform: string;
  readonly accounts: readonly AccountSnapshot[];
  readonly deliveries: SavedDeliveries;
  readonly deliveryFaults: readonly DeliveryFaultRule[];
  readonly faults: readonly CallFaultRule[];
  readonly rateLimits: RateLimitMode;
  readonly idempotency: readonly IdempotencyEntry[];
  readonly network: NetworkState;
}

export function takeSnapshot(
  world: World,
  idempotency: IdempotencyStore,
  clean: boolean,
): Snapshot {
  return {
    format: FORMAT,
    clean,
    seed: world.sequence.seed,
    clock: world.clock.mode,
    clockOffsetMs: world.clock.offsetMs,
    options: {
      capturedAmount: world.options.capturedAmount,
      validityDays: world.options.validityDays,
      validityDaysTravel: world.options.validityDaysTravel,
    },
    counters: world.sequence.counters(),
    platform: world.platform.id,
    accounts: [...world.accounts.values()].map((account) => ({
      id: account.id,
      settings: account.settings,
      realtime: account.realtime ?? null,
      declineAfterApproval: [...account.declineAfterApproval],
      spending: account.spending.entries(),
      openingBalance: account.balance.opening,
      tables: Object.fromEntries(TABLE_NAMES.map((name) => [name, account[name].all()])),
    })),
    deliveries: world.deliverer.save(),
    deliveryFaults: world.deliverer.faults.rules,
    faults: world.faults.rules,
    rateLimits: world.rateLimiter.mode,
    idempotency: idempotency.all(),
    network: world.network.state,
  };
}

/**
 * Makes a world the one of a snapshot. Calls that wait for a decision end with an error, because what they would
 * change is gone; the rest of what is under way has had its effect in the world that was. Appointments are not part of a snapshot; the caller makes them again from the rows.
 */
export function loadSnapshot(
  world: World,
  idempotency: IdempotencyStore,
  snapshot: Snapshot,
): void {
  // All that could fail comes first, so that a failure leaves the world as it was.
  const accounts = snapshot.accounts.map((saved) =>
    readAccount(saved, saved.id === snapshot.platform),
  );
  const platform = accounts.find((account) => account.isPlatform);
  if (platform === undefined) throw new Error('The snapshot has no platform account.');
  for (const { questions } of world.accounts.values()) {
    for (const question of questions.values()) question.abandon();
  }
  world.clock.restore(snapshot.clockOffsetMs);
  world.sequence.restore(snapshot.seed, snapshot.counters, snapshot.clean);
  world.accounts.clear();
  for (const account of accounts) world.accounts.set(account.id, account);
  world.platform = platform;
  idempotency.load(snapshot.idempotency);
  world.faults.replace(snapshot.faults);
  world.rateLimiter.set(snapshot.rateLimits);
  world.network.restore(snapshot.network);
  world.deliverer.faults.replace(snapshot.deliveryFaults);
  world.deliverer.reset(snapshot.deliveries);
}

function readAccount(saved: AccountSnapshot, isPlatform: boolean): Account {
  const account = new Account(saved.id, isPlatform);
  account.settings = { ...account.settings, ...saved.settings };
  account.realtime = saved.realtime ?? undefined;
  for (const id of saved.declineAfterApproval) account.declineAfterApproval.add(id);
  for (const { owner, ...entry } of saved.spending) account.spending.add(owner, entry);
  for (const name of TABLE_NAMES) {
    // takeSnapshot() wrote these rows from the table of this name.
    const table = account[name] as Table<Row>;
    table.load(saved.tables[name] ?? []);
  }
  account.balance.recount(account.balanceTransactions.all(), saved.openingBalance);
  return account;
}

/** What hinders a simulator from going on from a snapshot in the way that it would have gone, or undefined. */
export function mismatch(world: World, snapshot: Snapshot): string | undefined {
  if (snapshot.clock !== world.clock.mode) {
    return `The snapshot has a ${snapshot.clock} clock; this simulator has a ${world.clock.mode} one.`;
  }
  const name = RULE_OPTIONS.find((option) => snapshot.options[option] !== world.options[option]);
  return name === undefined
    ? undefined
    : `The snapshot was made with ${name} ${snapshot.options[name]}; this simulator has ${world.options[name]}.`;
}

/**
 * A snapshot of this version of the simulator, or undefined. The format number stands for the shape of most of it;
 * the rest is looked at, so that a file with nothing but the number does not fail somewhere inside.
 */
export function asSnapshot(parsed: unknown): Snapshot | undefined {
  if (!isRecord(parsed) || parsed['format'] !== FORMAT) return undefined;
  const { accounts, deliveries, counters, network, options } = parsed;
  const hasShape =
    LISTS.every((name) => Array.isArray(parsed[name])) &&
    [counters, network, options].every(isRecord) &&
    typeof parsed['seed'] === 'number' &&
    typeof parsed['clockOffsetMs'] === 'number' &&
    isRecord(deliveries) &&
    Array.isArray(deliveries['pending']) &&
    Array.isArray(deliveries['lost']) &&
    isRecord(deliveries['lastSuccesses']) &&
    Array.isArray(accounts) &&
    accounts.every(isAccount) &&
    accounts.some(({ id }) => id === parsed['platform']);
  return hasShape ? (parsed as unknown as Snapshot) : undefined;
}

const LISTS = ['deliveryFaults', 'faults', 'idempotency'] as const;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAccount = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  isRecord(value['settings']) &&
  Array.isArray(value['declineAfterApproval']) &&
  Array.isArray(value['spending']) &&
  isRecord(value['tables']) &&
  Object.values(value['tables']).every(Array.isArray);

/** A snapshot with a seal, which tells whether somebody has changed it since. */
interface SealedSnapshot {
  readonly seal: string;
  readonly snapshot: Snapshot;
}

export const sealSnapshot = (snapshot: Snapshot): SealedSnapshot => ({
  seal: sealOf(snapshot),
  snapshot,
});

/** The snapshot under an unbroken seal, or undefined: what is not word for word ours might break the world. */
export function openSeal(parsed: unknown): Snapshot | undefined {
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  if (!('seal' in parsed) || !('snapshot' in parsed)) return undefined;
  const snapshot = asSnapshot(parsed.snapshot);
  return snapshot !== undefined && parsed.seal === sealOf(snapshot) ? snapshot : undefined;
}

const sealOf = (snapshot: Snapshot): string =>
  createHash('sha256').update(JSON.stringify(snapshot)).digest('hex');
