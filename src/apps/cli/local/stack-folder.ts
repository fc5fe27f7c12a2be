/**
 * The folder of a stack. A kept one holds the data of Postgres, Temporal and the simulator, which are only
 * useful together: books without the workflows, or cards that the simulator has forgotten, would be worse than
 * nothing. So a set with a piece missing is refused.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateData } from './data-location.ts';
import { nativePackage } from './postgres-programs.ts';
import { lockFolder, type StackLock } from './stack-lock.ts';
import {
  type EmbeddedParts,
  newState,
  readState,
  type StackState,
  writeState,
} from './stack-state.ts';
import type { ProcessOwner } from './supervisor.ts';
import { ownerOfFolder, postgresOwner } from './unprivileged-user.ts';

export interface StackFolder {
  readonly path: string;
  readonly isKept: boolean;
  readonly logs: string;
  readonly temporalFile: string;
  readonly simulatorFile: string;
  readonly owner: ProcessOwner | undefined;
  /** Everything to be removed with a throw-away stack. */
  readonly throwAway: readonly string[];
  readonly lock: StackLock | undefined;
  state(): StackState;
  update(change: Partial<StackState>): Promise<void>;
  /** Removes a throw-away stack, unlocks a kept one. With `keepLogs` the logs stay, if anything is in them. */
  close(options: { readonly keepLogs: boolean }): Promise<void>;
}

export interface FolderOptions {
  readonly isKept: boolean;
  /** A given throw-away folder is left in place at the end; without one a temporary folder is made. */
  readonly path: string | undefined;
  readonly embedded: EmbeddedParts;
  readonly signal: AbortSignal;
}

export async function openStackFolder(options: FolderOptions): Promise<StackFolder> {
  const path = await makeFolder(options);
  const lock = options.isKept ? await lockFolder(path, options.signal) : undefined;
  try {
    return await prepare(path, lock, options);
  } catch (error) {
    // A temporary folder that was just made holds nothing that anybody could want.
    if (options.path === undefined) await rm(path, { recursive: true, force: true });
    await lock?.release();
    throw error;
  }
}

async function makeFolder(options: FolderOptions): Promise<string> {
  if (options.path === undefined) return mkdtemp(join(await realpath(tmpdir()), 'issuing-stack-'));
  await mkdir(options.path, { recursive: true });
  return realpath(options.path);
}

async function prepare(
  path: string,
  lock: StackLock | undefined,
  options: FolderOptions,
): Promise<StackFolder> {
  const files = { temporal: join(path, 'temporal.db'), simulator: join(path, 'simulator.state') };
  let state = options.isKept ? await readState(path) : undefined;
  if (state?.isEstablished) {
    refuseOtherParts(path, state, options.embedded);
  } else {
    await removeUnfinished(path, files, state);
    state = newState(options.embedded);
  }
  let owner: ProcessOwner | undefined;
  let outside: readonly string[] = [];
  if (options.embedded.postgres) {
    owner = postgresOwner();
    if (owner !== undefined && state.postgresData !== undefined) {
      owner = ownerOfFolder(state.postgresData) ?? owner;
    }
    if (state.postgresData === undefined) {
      const location = await locateData(path, owner, options.isKept);
      if (location.isOutside) outside = [location.path];
      refuseForgottenData(location.path);
      state = { ...state, postgresData: location.path };
    }
  }
  if (state.isEstablished) await refuseMixedSet(path, files, state);
  const logs = join(path, 'logs');
  await mkdir(logs, { recursive: true, mode: 0o700 });
  await writeState(path, state);
  const throwAway = options.isKept
    ? []
    : [...(options.path === undefined ? [path] : []), ...outside];
  let current = state;
  return {
    path,
    isKept: options.isKept,
    logs,
    temporalFile: files.temporal,
    simulatorFile: files.simulator,
    owner,
    throwAway,
    lock,
    state: () => current,
    async update(change) {
      current = { ...current, ...change };
      await writeState(path, current);
    },
    async close({ keepLogs }) {
      const inside = (await readdir(path)).map((name) => join(path, name));
      const staysForLogs = keepLogs && (await hasContent(logs));
      const doomed = throwAway.flatMap((folder) =>
        staysForLogs && folder === path ? inside.filter((entry) => entry !== logs) : [folder],
      );
      for (const folder of doomed)
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      await lock?.release();
    },
  };
}

/** True when any file of the folder is not empty. */
async function hasContent(folder: string): Promise<boolean> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.some((size) => size > 0);
}

interface DataFiles {
  readonly temporal: string;
  readonly simulator: string;
}

/** A first start that never became complete leaves pieces; data without a `stack.json` is somebody's and stays. */
async function removeUnfinished(
  path: string,
  files: DataFiles,
  state: StackState | undefined,
): Promise<void> {
  const inside = join(path, 'postgres');
  const pieces = [inside, files.temporal, files.simulator];
  if (state === undefined) {
    const found = pieces.filter((piece) => existsSync(piece));
    if (found.length === 0) return;
    throw new Error(
      `${path} holds ${found.join(', ')} but no stack.json with the passwords. ${howToReset([path])}`,
    );
  }
  const sqliteSideFiles = [`${files.temporal}-wal`, `${files.temporal}-shm`];
  const all = [...pieces, ...sqliteSideFiles, ...(state.postgresData ? [state.postgresData] : [])];
  for (const piece of all) await rm(piece, { recursive: true, force: true, maxRetries: 3 });
}

/** As root the data may lie outside, where deleting the stack's folder does not reach it. */
function refuseForgottenData(dataDir: string): void {
  if (!existsSync(join(dataDir, 'cluster'))) return;
  throw new Error(
    `PostgreSQL data of an earlier stack is at ${dataDir}, but its passwords are gone. ${howToReset([dataDir])}`,
  );
}

function refuseOtherParts(path: string, state: StackState, embedded: EmbeddedParts): void {
  const variables = {
    postgres: 'DATABASE_URL',
    temporal: 'TEMPORAL_ADDRESS',
    simulator: 'STRIPE_SECRET_KEY',
  };
  for (const part of ['postgres', 'temporal', 'simulator'] as const) {
    if (state.embedded[part] === embedded[part]) continue;
    const [was, fix] = state.embedded[part] ? ['own', 'Unset'] : ['external', 'Set'];
    throw new Error(
      `The stack in ${path} was made with its ${was} ${part}, which would now be another one. ` +
        `${fix} ${variables[part]}, or: ${howToReset(dataFolders(path, state))}`,
    );
  }
}

async function refuseMixedSet(path: string, files: DataFiles, state: StackState): Promise<void> {
  const versionFile = join(state.postgresData ?? '', 'cluster', 'PG_VERSION');
  const pieces = [
    { isOwn: state.embedded.postgres, name: 'PostgreSQL data', file: versionFile },
    { isOwn: state.embedded.temporal, name: 'Temporal data', file: files.temporal },
    { isOwn: state.embedded.simulator, name: 'simulator state', file: files.simulator },
  ].filter((piece) => piece.isOwn);
  const missing = pieces.filter((piece) => !existsSync(piece.file));
  if (missing.length > 0) {
    throw new Error(
      `The stack in ${path} is a mixed set: ${missing.map((p) => `${p.name} (${p.file})`).join(' and ')} missing. ` +
        `The parts fit only together. ${howToReset(dataFolders(path, state))}`,
    );
  }
  if (!state.embedded.postgres) return;
  const kept = (await readFile(versionFile, 'utf8')).trim();
  const { version } = await nativePackage();
  if (version.split('.')[0] !== kept) {
    throw new Error(
      `The data in ${state.postgresData} was made by PostgreSQL ${kept}, installed is ${version}. ${howToReset(dataFolders(path, state))}`,
    );
  }
}

function dataFolders(path: string, state: StackState): readonly string[] {
  const data = state.postgresData;
  return data === undefined || data.startsWith(`${path}/`) ? [path] : [path, data];
}

const howToReset = (folders: readonly string[]): string =>
  `To start anew, with everything in it lost: rm -rf ${folders.map((folder) => `'${folder}'`).join(' ')}`;
