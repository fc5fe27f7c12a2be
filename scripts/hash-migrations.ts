/**
 * Writes the hashes of the migrations. A test compares them, so that a migration somebody has applied is not
 * edited by accident. Run it after adding a migration; before the first release also after changing one.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  defaultMigrationDirectory,
  readMigrations,
} from '../src/adapters/postgres/migration-files.ts';

const directory = defaultMigrationDirectory();
const migrations = await readMigrations(directory);
const hashes = Object.fromEntries(migrations.map(({ name, sha256 }) => [name, sha256]));
await writeFile(join(directory, 'hashes.json'), `${JSON.stringify(hashes, undefined, 2)}\n`);
console.log(`Hashed ${migrations.length} migrations.`);
