/**
 * Keeps the state in a JSON file: shortly after each change, and in order at the end. The file is replaced in one
 * step, so that a crash leaves the state of the save before, never half of one.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { IdempotencyStore } from '../http/idempotency.ts';
import type { SimulatorOptions } from '../options.ts';
import { asSnapshot, loadSnapshot, type Snapshot, takeSnapshot } from './snapshot.ts';
import { type KeepAppointment, World } from './world.ts';

/** Changes come in bursts; one save serves a burst. */
const SAVE_DELAY_MS = 250;
/** A large state takes long to save; at most a tenth of the time goes into saving. */
const SAVE_PAUSE_FACTOR = 10;

/** A new world, or the one of the state file if there is one. Throws when the file is not a state file. */
export function openWorld(
  options: SimulatorOptions,
  idempotency: IdempotencyStore,
  keep: KeepAppointment,
): World {
  const snapshot = options.stateFile === undefined ? undefined : readSnapshot(options.stateFile);
  if (snapshot === undefined) return new World(options, keep);
  const world = new World(options, keep, snapshot.platform);
  loadSnapshot(world, idempotency, snapshot);
  return world;
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
  const snapshot = asSnapshot(parsed);
  if (snapshot !== undefined) return snapshot;
  throw new Error(`${path} is not a state file of this version of the simulator.`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path} is not a state file of the simulator: it is not JSON.`);
  }
}

interface StateFilePlace {
  readonly path: string;
  readonly onFailure: ((error: Error) => void) | undefined;
}

export interface StateFile {
  /** Something changed; a save follows soon. */
  touch(): void;
  /** Saves for the last time. */
  close(): Promise<void>;
}

/** Saves at once, so that a place that cannot be written to is known at the start. Throws when it cannot. */
export function createStateFile(
  { path, onFailure }: StateFilePlace,
  world: World,
  idempotency: IdempotencyStore,
): StateFile {
  // It holds card numbers and signing secrets, if only made-up ones.
  const options = { mode: 0o600 };
  const draft = `${path}.${process.pid}.draft`;
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();
  let closed = false;
  let pauseMs = SAVE_DELAY_MS;
  let failing = false;
  const textOf = (clean: boolean): string =>
    JSON.stringify(takeSnapshot(world, idempotency, clean));
  try {
    writeFileSync(draft, textOf(false), options);
    renameSync(draft, path);
  } catch (error) {
    throw unsaved(path, error);
  }

  async function save(clean: boolean): Promise<void> {
    const startedAt = performance.now();
    try {
      await writeFile(draft, textOf(clean), options);
      await rename(draft, path);
    } catch (error) {
      throw unsaved(path, error);
    }
    pauseMs = Math.max(SAVE_DELAY_MS, (performance.now() - startedAt) * SAVE_PAUSE_FACTOR);
  }

  /** Tells of the first failure of a row of them; a full disk would fail at each change. */
  async function saveOrTell(): Promise<void> {
    try {
      await save(false);
      failing = false;
    } catch (error) {
      if (!failing) onFailure?.(error instanceof Error ? error : new Error(String(error)));
      failing = true;
    }
  }

  return {
    touch() {
      if (timer !== undefined || closed) return;
      timer = setTimeout(() => {
        timer = undefined;
        // A failed save is followed by the next change's; the last one, in close(), is not forgiven.
        saving = saving.then(saveOrTell);
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

const unsaved = (path: string, error: unknown): Error =>
  new Error(
    `The state cannot be saved in ${path}: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
