/** The file of `--report`, looked at before the demo runs: its end would be a bad time to find it unusable. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** @returns a sentence that says why the file cannot be written, or undefined. Nothing is made or changed. */
export async function reportFileProblem(file: string): Promise<string | undefined> {
  const path = resolve(file);
  const folder = dirname(path);
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) return `--report is "${file}", which is a folder; name a file`;
  const parent = await stat(folder).catch(() => undefined);
  if (parent === undefined) return `--report is "${file}", but there is no folder ${folder}`;
  if (!parent.isDirectory()) return `--report is "${file}", but ${folder} is not a folder`;
  try {
    await access(there === undefined ? folder : path, constants.W_OK);
    return undefined;
  } catch {
    return `--report is "${file}", which this user may not write`;
  }
}
