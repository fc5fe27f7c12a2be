/**
 * The programs that are measured, as plain JavaScript, as they run in production: `tsx` would add work of its own to
 * each function that a request makes.
 */
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';
import { outputOf } from '../simulator/child.ts';

export interface Compiled {
  /** The JavaScript of one of the programs. */
  file(source: URL): string;
}

/** Compiles into `folder`, which must exist. Types are not checked: `npm test` does that. */
export async function compile(folder: string, programs: readonly URL[]): Promise<Compiled> {
  const config = join(folder, 'tsconfig.json');
  const options = {
    rootDir: projectRoot,
    outDir: folder,
    typeRoots: [join(projectRoot, 'node_modules', '@types')],
    noCheck: true,
    declaration: false,
    sourceMap: false,
  };
  const text = {
    extends: join(projectRoot, 'tsconfig.json'),
    compilerOptions: options,
    include: [],
    files: programs.map((program) => fileURLToPath(program)),
  };
  await writeFile(config, JSON.stringify(text));
  await copyFile(join(projectRoot, 'package.json'), join(folder, 'package.json'));
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  await outputOf([createRequire(import.meta.url).resolve('typescript/bin/tsc'), '-p', config]);
  return {
    file: (source) =>
      join(folder, relative(projectRoot, fileURLToPath(source)).replace(/\.ts$/, '.js')),
  };
}
