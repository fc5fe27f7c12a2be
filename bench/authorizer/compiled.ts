/** The programs that are measured, as they run in production: plain JavaScript, each in one file. */
import { copyFile, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../scripts/bundle.ts';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';

export interface Compiled {
  /** The JavaScript of one of the programs. */
  file(source: URL): string;
}

/** Compiles into `folder`, which must exist. Types are not checked: `npm test` does that. */
export async function compile(folder: string, programs: readonly URL[]): Promise<Compiled> {
  await copyFile(join(projectRoot, 'package.json'), join(folder, 'package.json'));
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  await bundle(programs, folder);
  return {
    file: (source) =>
      join(folder, relative(projectRoot, fileURLToPath(source)).replace(/\.ts$/, '.js')),
  };
}
