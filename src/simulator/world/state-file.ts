/**
 * Keeps the state in a JSON file: shortly after each change, and in order at the end. The file is replaced in one
 * step, so that a crash leaves the state of the save before, never half of one.
 */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { IdempotencyEntry, IdempotencyStore } from '../http/idempotency.ts';
import type { SpendingEntry } from '../machines/spending-counter.ts';
import type { SimulatorOptions } from '../options.ts';
import type { SavedDeliveries } from '../webhooks/delivery.ts';
import {
  type Account,
  type AccountSettings,
  type RealtimeEndpoint,
  TABLE_NAMES,
} from './account.ts';
import { SimulatorClock } from './clock.ts';
import type { NetworkState } from './network.ts';
import { type Counters, Sequence } from './sequence.ts';
import type { Row, Table } from './table.ts';
import { type KeepAppointment, World } from './world.ts';

/** Changes come in bursts; one save serves a burst. */
const SAVE_DELAY_MS = 250;
/** A large state takes long to save; at most a tenth of the time goes into saving. */
const SAVE_PAUSE_FACTOR = 10;
const FORMAT = 3;

interface AccountSnapshot {
  readonly id: string;
  readonly settings: AccountSettings;
  readonly realtime: RealtimeEndpoint | null;
  readonly declineAfterApproval: readonly string[];
  /** Saved because the rows behind these sums may have been dropped since. */
  readonly spending: readonly SpendingEntry[];
  readonly tables: Readonly<Record<string, readonly Row[]>>;
}

interface Snapshot {
  readonly format: number;
  /** Whether the simulator was closed in order after this save. */
  readonly clean: boolean;
  readonly seed: number;
  readonly clockOffsetMs: number;
  readonly counters: Counters;
  readonly platform: string;
  readonly accounts: readonly AccountSnapshot[];
  readonly deliveries: SavedDeliveries;
  readonly idempotency: readonly IdempotencyEntry[];
  /** Absent in older files. */
  readonly network?: NetworkState;
}

function takeSnapshot(world: World, idempotency: IdempotencyStore, clean: boolean): Snapshot {
  return {
    format: FORMAT,
    clean,
    seed: world.options.seed,
    clockOffsetMs: world.clock.offsetMs,
    counters: world.sequence.counters(),
    platform: world.platform.id,
    accounts: [...world.accounts.values()].map((account) => ({
      id: account.id,
      settings: account.settings,
      realtime: account.realtime ?? null,
      declineAfterApproval: [...account.declineAfterApproval],
      spending: account.spending.entries(),
      tables: Object.fromEntries(TABLE_NAMES.map((name) => [name, account[name].all()])),
    })),
    deliveries: world.deliverer.save(),
    idempotency: idempotency.all(),
    network: world.network.state,
  };
}

/** A new world, or the one of the state file if there is one. Throws when the file is not a state file. */
export function openWorld(
  options: SimulatorOptions,
  idempotency: IdempotencyStore,
  keep: KeepAppointment,
): World {
  const snapshot = options.stateFile === undefined ? undefined : readSnapshot(options.stateFile);
  if (snapshot === undefined) return new World(options, keep);
  const world = new World(options, keep, {
    clock: new SimulatorClock(options.clock, snapshot.clockOffsetMs),
    sequence: new Sequence(snapshot.seed, snapshot.counters, snapshot.clean),
    platformId: snapshot.platform,
  });
  for (const saved of snapshot.accounts) {
    const account = world.accounts.get(saved.id) ?? world.addAccount(saved.id);
    loadAccount(account, saved);
  }
  idempotency.load(snapshot.idempotency);
  if (snapshot.network !== undefined) world.network.restore(snapshot.network);
  world.deliverer.restore(snapshot.deliveries);
  return world;
}

function loadAccount(account: Account, saved: AccountSnapshot): void {
  account.settings = { ...account.settings, ...saved.settings };
  account.realtime = saved.realtime ?? undefined;
  for (const id of saved.declineAfterApproval) account.declineAfterApproval.add(id);
  for (const { owner, ...entry } of saved.spending) account.spending.add(owner, entry);
  for (const name of TABLE_NAMES) {
    // takeSnapshot() wrote these rows from the table of this name.
    const table = account[name] as Table<Row>;
    table.load(saved.tables[name] ?? []);
  }
  account.balance.recount(account.balanceTransactions.all());
}

function readSnapshot(path: string): Snapshot | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed: unknown = parseJson(text, path);
  const isOurs =
    typeof parsed === 'object' && parsed !== null && 'format' in parsed && parsed.format === FORMAT;
  if (!isOurs) throw new Error(`${path} is not a state file of this version of the simulator.`);
  // The file was written by takeSnapshot(); the format number stands for its shape.
  return parsed as unknown as Snapshot;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path} is not a state file of the simulator: it is not JSON.`);
  }
}

export interface StateFile {
  /** Something changed; a save follows soon. */
  touch(): void;
  /** Saves for the last time. */
  close(): Promise<void>;
}

export function createStateFile(
  path: string,
  world: World,
  idempotency: IdempotencyStore,
): StateFile {
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();
  let closed = false;
  let pauseMs = SAVE_DELAY_MS;

  async function save(clean: boolean): Promise<void> {
    const startedAt = performance.now();
    const text = JSON.stringify(takeSnapshot(world, idempotency, clean));
    const draft = `${path}.${process.pid}.draft`;
    // It holds card numbers and signing secrets, if only made-up ones.
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
    pauseMs = Math.max(SAVE_DELAY_MS, (performance.now() - startedAt) * SAVE_PAUSE_FACTOR);
  }

  return {
    touch() {
      if (timer !== undefined || closed) return;
      timer = setTimeout(() => {
        timer = undefined;
        // A failed save is followed by the next change's; the last one, in close(), is not forgiven.
        saving = saving.then(() => save(false)).catch(() => undefined);
      }, pauseMs);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await saving;
      await save(true);
    },
  };
}
