/**
 * PostgreSQL refuses to run as root. As root we run its programs as a user the system has anyway; no user
 * is added. Such a user cannot enter a folder with mode 0700, so folders are checked before they are used.
 */
import { readFileSync, statSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ProcessOwner } from './supervisor.ts';

/** The first that exists is taken: a database's own user, else the one that every system has. */
const USER_NAMES = ['postgres', '_postgres', 'nobody'];
const OTHERS_MAY_ENTER = 0o001;
const GROUP_MAY_ENTER = 0o010;
const OWNER_MAY_ENTER = 0o100;

/** Undefined for an ordinary user, who runs PostgreSQL as they are. */
export function postgresOwner(passwdFile = '/etc/passwd'): ProcessOwner | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const entries = readFileSync(passwdFile, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of USER_NAMES) {
    const entry = entries.find((fields) => fields[0] === name);
    const uid = Number(entry?.[2]);
    const gid = Number(entry?.[3]);
    if (Number.isInteger(uid) && Number.isInteger(gid) && uid !== 0) return { uid, gid };
  }
  throw new Error(
    `PostgreSQL does not run as root, and none of the users ${USER_NAMES.join(', ')} exists. ` +
      'Run as an ordinary user, or set DATABASE_URL and DATABASE_OWNER_URL',
  );
}

/** The owner of kept data, so that it is used again even if a more fitting user was added since. */
export function ownerOfFolder(folder: string): ProcessOwner | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

/** True if the user may pass through the folder and everything above it. The folder must exist. */
export async function canEnter(folder: string, owner: ProcessOwner): Promise<boolean> {
  for (let current = await realpath(folder); ; current = dirname(current)) {
    const { mode, uid, gid } = await stat(current);
    const bit =
      uid === owner.uid ? OWNER_MAY_ENTER : gid === owner.gid ? GROUP_MAY_ENTER : OTHERS_MAY_ENTER;
    if ((mode & bit) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

/** A folder for temporary files that the user can enter: TMPDIR may point into somebody's home. */
export async function enterableTemp(owner: ProcessOwner | undefined): Promise<string> {
  const candidates = [tmpdir(), '/tmp', join('/var', 'tmp')];
  if (owner === undefined) return tmpdir();
  for (const candidate of candidates) {
    if (await canEnter(candidate, owner).catch(() => false)) return candidate;
  }
  throw new Error(
    `None of ${candidates.join(', ')} can be entered by user ${owner.uid}, as which PostgreSQL runs`,
  );
}
