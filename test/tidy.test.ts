/** House rules that a reader would otherwise have to remember. Each test reports all offences at once. */
import { describe, expect, test } from 'vitest';
import {
  defaultMigrationDirectory,
  readMigrations,
} from '../src/adapters/postgres/migration-files.ts';
import { ERRORS } from '../src/apps/ingress/errors.ts';
import { type ProjectFile, projectFiles, projectText } from './support/project-files.ts';

const files = projectFiles();
const codeFiles = files.filter(({ path }) => /\.[cm]?[jt]s$/.test(path));
const markdownFiles = files.filter(({ path }) => path.endsWith('.md'));

/** Every line of the files that matches, as `file:line: text`. */
function linesMatching(among: readonly ProjectFile[], pattern: RegExp): readonly string[] {
  return among.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
  );
}

/** Every first group of a global pattern in a text, once. */
const groupsIn = (text: string, pattern: RegExp): readonly string[] => [
  ...new Set([...text.matchAll(pattern)].flatMap(([, group]) => group ?? [])),
];

/** A Markdown text without its programs: a comment there is no title, and a generic function no link. */
const proseOf = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

const missingFrom = (wanted: readonly string[], present: readonly string[]): readonly string[] =>
  wanted.filter((name) => !present.includes(name));

describe('text', () => {
  test('has no leftover notes to ourselves', () => {
    // Spelled apart, so that this file does not report itself.
    expect(
      linesMatching(
        files,
        new RegExp(`\\b(?:${['FIX', 'ME'].join('')}|${['TO', 'DO'].join('')})\\b`),
      ),
    ).toEqual([]);
  });

  test('names no path of the machine it was written on, and the lock file names no host', () => {
    expect(linesMatching(files, /(?:^|[\s"'`(=:])\/(?:work|tmp|home|root)\/\w/)).toEqual([]);
    expect(
      linesMatching(
        [{ path: 'package-lock.json', text: projectText('package-lock.json') ?? '' }],
        /"resolved": "http/,
      ),
    ).toEqual([]);
  });

  test('has one title in each Markdown file', () => {
    const titles = markdownFiles.map(({ path, text }) => {
      return `${path}: ${proseOf(text).match(/^# /gm)?.length ?? 0} titles`;
    });
    expect(titles.filter((line) => !line.endsWith(': 1 titles'))).toEqual([]);
  });
});

describe('code', () => {
  test('has no test that is switched off or runs alone', () => {
    expect(linesMatching(codeFiles, /\b(?:test|it|describe)\.(?:only|skip|todo|fails)\b/)).toEqual(
      [],
    );
  });

  test('reads the environment in src/platform/config.ts only', () => {
    const others = codeFiles.filter(({ path }) => path !== 'src/platform/config.ts');
    expect(linesMatching(others, /\bprocess\.env\b/)).toEqual([]);
  });

  test('gives the reason for each rule it switches off', () => {
    const directive = /(?:oxlint|eslint)-disable|biome-ignore|@ts-(?:expect-error|ignore|nocheck)/;
    const comments = linesMatching(codeFiles, new RegExp(`(?://|/\\*)\\s*(?:${directive.source})`));
    expect(comments.filter((line) => !/ -- \w/.test(line))).toEqual([]);
  });

  test('has no file that is longer than one sitting', () => {
    const tooLong = codeFiles
      .filter(({ path }) => /^(?:src|workflows|activities|bench|scripts)\//.test(path))
      .map(({ path, text }) => {
        const lines = text.split('\n').length - 1;
        const linesMax = path.startsWith('src/domain/') ? 250 : 400;
        return { path, lines, linesMax };
      })
      .filter(({ lines, linesMax }) => lines > linesMax);
    expect(tooLong).toEqual([]);
  });
});

describe('migrations', () => {
  test('are numbered without gaps and unchanged since their hash was written', async () => {
    // Rejects when a number is missing or a name has another form.
    const migrations = await readMigrations(defaultMigrationDirectory());
    const text = projectText('src/adapters/postgres/migrations/hashes.json') ?? '{}';
    const hashes = Object.fromEntries(migrations.map(({ name, sha256 }) => [name, sha256]));
    expect(JSON.parse(text), 'see "Migrations" in CONTRIBUTING.md').toEqual(hashes);
  });
});

describe('environment variables', () => {
  const config = groupsIn(
    projectText('src/platform/config.ts') ?? '',
    /'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g,
  );
  const compose = groupsIn(projectText('docker-compose.yml') ?? '', /\$\{([A-Z0-9_]+)/g);
  const example = groupsIn(projectText('.env.example') ?? '', /^#? ?([A-Z][A-Z0-9_]*)=/gm);
  /** Read by Temporal's own library, not by us. */
  const temporal = ['envconfig.js', 'envconfig-toml.js'].flatMap((file) =>
    groupsIn(
      projectText(`node_modules/@temporalio/envconfig/lib/${file}`) ?? '',
      /\b(TEMPORAL_[A-Z_]+)\b/g,
    ),
  );

  test('are all shown in .env.example', () => {
    expect(config.length).toBeGreaterThan(10);
    expect(missingFrom([...config, ...compose], example)).toEqual([]);
  });

  test('in .env.example are all read by somebody', () => {
    expect(missingFrom(example, [...config, ...compose, ...temporal])).toEqual([]);
  });
});

describe('documentation', () => {
  test('names only commands that package.json has', () => {
    const { scripts } = JSON.parse(projectText('package.json') ?? '{}') as { scripts: object };
    const named = markdownFiles.flatMap(({ text }) => groupsIn(text, /npm run ([a-z][a-z:-]*)/g));
    expect(missingFrom(named, Object.keys(scripts))).toEqual([]);
  });

  test('links only to files that exist', () => {
    const broken = markdownFiles.flatMap(({ path, text }) =>
      groupsIn(proseOf(text), /\]\((?!https?:|#|mailto:)([^)#\s]+)/g)
        .filter((target) => !exists(new URL(target, `file:///${path}`).pathname.slice(1)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('lists every error code of the API', () => {
    const api = projectText('docs/api.md');
    const listed = api === undefined ? Object.keys(ERRORS) : groupsIn(api, /`([A-Z][A-Z0-9_]+)`/g);
    expect(missingFrom(Object.keys(ERRORS), listed)).toEqual([]);
  });
});

const exists = (path: string): boolean =>
  files.some((file) => file.path === path || file.path.startsWith(`${path.replace(/\/$/, '')}/`)) ||
  projectText(path) !== undefined;
