/** The files of the project that people write, for the tests that read them as text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export interface ProjectFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What tools make, what is installed, and what others wrote. */
const SKIPPED = new Set(
  '.git node_modules dist .local .cache reports .env LICENSE package-lock.json'.split(' '),
);
const SKIPPED_PATHS = ['test/data/', 'test/replay/histories/'];
const TEXT = /(?:\.(?:[cm]?[jt]s|json|md|sql|ya?ml|sh)|\/[^.]+|(?:^|\/)\.[a-z-]+|\.example)$/;

/** Reads all of them; a few hundred small files take some milliseconds. */
export function projectFiles(): readonly ProjectFile[] {
  const files: ProjectFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue;
      const full = join(folder, entry.name);
      const path = relative(projectRoot, full).split(sep).join('/');
      if (entry.isDirectory()) visit(full);
      else if (TEXT.test(`/${path}`) && !SKIPPED_PATHS.some((skipped) => path.startsWith(skipped)))
        files.push({ path, text: readFileSync(full, 'utf8') });
    }
  };
  visit(projectRoot);
  return files;
}

/** The text of one file of the project; undefined when it does not exist (yet). */
export function projectText(path: string): string | undefined {
  try {
    return readFileSync(join(projectRoot, path), 'utf8');
  } catch {
    return undefined;
  }
}
