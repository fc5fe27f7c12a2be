/**
 * How one of our own modules is started as a process: from TypeScript through tsx while we run from
 * TypeScript ourselves, and as plain JavaScript from `dist/` otherwise.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

const thisFile = fileURLToPath(import.meta.url);
const runsFromTypeScript = thisFile.endsWith('.ts');

/** The folder of package.json: the checkout, or the installed package. */
export const projectRoot: string = findRoot();

function findRoot(): string {
  let folder = dirname(thisFile);
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${thisFile}`);
    folder = parent;
  }
  return folder;
}

/** Path of a module of ours, given as `src/apps/worker/main` without an ending. */
export const modulePath = (module: string): string =>
  runsFromTypeScript
    ? join(projectRoot, `${module}.ts`)
    : join(projectRoot, 'dist', `${module}.js`);

/**
 * Room for new objects before they are collected, in MB; the image sets the same. With Node's own 16 one answer in a
 * hundred is collected for, which takes 5 to 10 ms on two cores.
 */
const YOUNG_OBJECTS = '--max-semi-space-size=64';

/** The command that runs the file, TypeScript or JavaScript, under this Node. */
export function nodeCommand(file: string, args: readonly string[] = []): Command {
  const { execPath: command } = process;
  if (!file.endsWith('.ts')) return { command, args: [YOUNG_OBJECTS, file, ...args] };
  // A URL, because a path with a space or a percent sign is not a module specifier.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { command, args: [YOUNG_OBJECTS, '--import', tsx, file, ...args] };
}
