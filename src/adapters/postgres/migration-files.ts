/**
 * The numbered migrations as files, and the comparison with what a database says was applied.
 * Pure but for the reading of the folder, so that every refusal can be tested without a database.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MigrationFile {
  /** From 1, without gaps; the first four digits of the file's name. */
  readonly version: number;
  /** The file's name, e.g. `0001-tenants.sql`. */
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
}

/** The migrations cannot be applied as they are; the message says to which file, and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

const FILE_NAME = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/;

/**
 * The folder that holds the SQL files. They are not copied by the compiler, so from `dist/` they are found
 * in the sources of the same package.
 */
export function defaultMigrationDirectory(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new MigrationError('No package.json above the migration runner');
    folder = parent;
  }
  return join(folder, 'src', 'adapters', 'postgres', 'migrations');
}

/**
 * Reads the folder in order of version.
 * Throws MigrationError for a file that is not named `NNNN-name.sql`, a number used twice, or a gap.
 */
export async function readMigrations(directory: string): Promise<readonly MigrationFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  const files: MigrationFile[] = [];
  for (const name of names) {
    const version = Number(FILE_NAME.exec(name)?.[1]);
    if (Number.isNaN(version)) {
      throw new MigrationError(
        `${name} is not named NNNN-name.sql (four digits, lower case, dashes)`,
      );
    }
    if (version !== files.length + 1) {
      const expected = String(files.length + 1).padStart(4, '0');
      throw new MigrationError(
        `${name} does not follow: the next migration must be ${expected}-….sql`,
      );
    }
    // Line ends are normalised, so that a checkout on another system has the same hash.
    const sql = (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n');
    files.push({ version, name, sha256: createHash('sha256').update(sql).digest('hex'), sql });
  }
  return files;
}

/**
 * The files still to be applied.
 * Throws MigrationError when an applied file was edited or renamed, or when the database is ahead of the files.
 */
export function pendingMigrations(
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): readonly MigrationFile[] {
  for (const done of applied) {
    const file = files[done.version - 1];
    if (file === undefined) {
      throw new MigrationError(
        `The database has migration ${done.name}, which this version does not know. Run the version that made it, or a newer one`,
      );
    }
    if (file.name !== done.name || file.sha256 !== done.sha256) {
      throw new MigrationError(
        `${file.name} differs from what was applied as ${done.name}. An applied migration is never edited: restore it and add a new one`,
      );
    }
  }
  const versions = new Set(applied.map((done) => done.version));
  const missing = files.find((file) => !versions.has(file.version) && file.version < versions.size);
  if (missing !== undefined) {
    throw new MigrationError(`${missing.name} was never applied, though later migrations were`);
  }
  return files.filter((file) => !versions.has(file.version));
}
