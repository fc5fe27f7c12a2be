/** Where downloaded programs are kept between runs. */
import { randomBytes } from 'node:crypto';
import { access, constants, lstat, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from '../../../platform/config-reader.ts';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * The first folder that can be made and is ours alone: `ISSUING_CACHE_DIR`, the user's cache, or a folder
 * of this user among the temporary files (a home may be missing or empty).
 */
export async function cacheFolder(env: Environment): Promise<string> {
  const chosen = env['ISSUING_CACHE_DIR']?.trim();
  if (chosen) {
    await mkdir(chosen, { recursive: true });
    return chosen;
  }
  const candidates: string[] = [];
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) candidates.push(xdg);
  const home = env['HOME'];
  if (home !== undefined && isAbsolute(home) && (await isOurs(home)))
    candidates.push(join(home, '.cache'));
  for (const candidate of candidates) {
    const folder = join(candidate, 'issuing-orchestrator');
    if (await makePrivate(folder)) return folder;
  }
  return privateTemp(`issuing-orchestrator-cache-${process.geteuid?.() ?? 0}`);
}

/** A folder of this name among the temporary files, or of a random name if somebody else made that one. */
async function privateTemp(name: string): Promise<string> {
  const folder = join(tmpdir(), name);
  if (await makePrivate(folder)) return folder;
  const fallback = `${folder}-${randomBytes(6).toString('hex')}`;
  await mkdir(fallback, { mode: 0o700 });
  return fallback;
}

async function makePrivate(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await access(folder, constants.W_OK);
    return await isTrusted(folder);
  } catch {
    return false;
  }
}

/** A sudo that keeps the caller's HOME must not fill their cache with root's files. */
async function isOurs(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).uid === process.geteuid?.();
  } catch {
    return false;
  }
}

/** True if the file or folder is no link, belongs to us, and only we can change it. */
export async function isTrusted(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    const isPlain = found.isFile() || found.isDirectory();
    return isPlain && found.uid === process.geteuid?.() && (found.mode & WRITABLE_BY_OTHERS) === 0;
  } catch {
    return false;
  }
}
