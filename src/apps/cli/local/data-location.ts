/**
 * Where PostgreSQL's data lies. Usually in the stack's folder; as root, when the user that runs PostgreSQL
 * cannot enter that folder, outside of it.
 */
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessOwner } from './supervisor.ts';
import { canEnter, enterableTemp } from './unprivileged-user.ts';

/** For data that outlives the run; below it one folder a checkout. */
const KEPT_HOME = '/var/lib/issuing-orchestrator';

export interface DataLocation {
  readonly path: string;
  /** True when `path` is not inside the stack's folder, so that whoever removes that must remove this too. */
  readonly isOutside: boolean;
}

/** Chooses and makes the folder, owned by `owner` and closed to everybody else. */
export async function locateData(
  folder: string,
  owner: ProcessOwner | undefined,
  isKept: boolean,
): Promise<DataLocation> {
  if (owner === undefined || (await canEnter(folder, owner))) {
    const path = join(folder, 'postgres');
    await makeFor(path, owner);
    return { path, isOutside: false };
  }
  const path = isKept
    ? await keptPath(folder, owner)
    : await mkdtemp(join(await enterableTemp(owner), 'issuing-postgres-'));
  await makeFor(path, owner);
  return { path, isOutside: true };
}

async function keptPath(folder: string, owner: ProcessOwner): Promise<string> {
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  try {
    await mkdir(KEPT_HOME, { recursive: true, mode: 0o755 });
    if (await canEnter(KEPT_HOME, owner)) return join(KEPT_HOME, key);
  } catch {
    // A read-only system has no place there.
  }
  return join(await enterableTemp(owner), `issuing-orchestrator-data-${key}`);
}

async function makeFor(path: string, owner: ProcessOwner | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
}
