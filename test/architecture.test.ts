/**
 * The import rules of .dependency-cruiser.cjs hold for all code, and each of them can fail: a small tree of
 * planted breaches is cruised with the same rules, so a rule whose pattern matches nothing does not go unnoticed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  cruise,
  type ICruiseOptions,
  type ICruiseResult,
  type IForbiddenRuleType,
  type IViolation,
} from 'dependency-cruiser';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';

interface RuleFile {
  readonly forbidden: readonly (IForbiddenRuleType & { readonly name: string })[];
  readonly options: ICruiseOptions;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const rules: RuleFile = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
const ROOMS = ['src', 'workflows', 'activities', 'test', 'bench'];

async function violationsIn(baseDir: string): Promise<readonly IViolation[]> {
  const { output } = await cruise(
    ROOMS,
    { ...rules.options, validate: true, baseDir, ruleSet: { forbidden: [...rules.forbidden] } },
    {},
  );
  return (output as ICruiseResult).summary.violations;
}

function sentence({ rule, from, to, via, cycle }: IViolation): string {
  const way = [...(via ?? []), ...(cycle ?? [])].map((step) => step.name).join(' → ');
  const comment = rules.forbidden.find(({ name }) => name === rule.name)?.comment ?? '';
  return `${rule.name}: ${from} → ${to}${way === '' ? '' : ` (by ${way})`}\n    ${comment}`;
}

/** One breach for each rule: the file that breaks it, and what that file imports. */
const BREACHES: Readonly<Record<string, readonly [file: string, imported: string]>> = {
  'domain-is-pure': ['src/domain/clock.ts', 'node:crypto'],
  'ports-are-types': ['src/ports/store.ts', '../platform/config.ts'],
  'platform-knows-no-domain': ['src/platform/money.ts', '../domain/plain.ts'],
  'workflows-only-domain': ['workflows/eager.ts', '../activities/plain.ts'],
  'activities-use-ports': ['activities/pool.ts', '../src/adapters/postgres/plain.ts'],
  'reconciliation-uses-ports': ['src/reconciliation/pool.ts', '../adapters/postgres/plain.ts'],
  'adapters-are-strangers': ['src/adapters/stripe/books.ts', '../postgres/plain.ts'],
  'adapters-look-inward': ['src/adapters/temporal/eager.ts', '../../../workflows/plain.ts'],
  'apps-are-strangers': ['src/apps/relay/borrowed.ts', '../ingress/plain.ts'],
  'nobody-imports-apps': ['activities/app.ts', '../src/apps/ingress/plain.ts'],
  'authorizer-never-reaches-temporal': ['src/apps/authorizer/main.ts', '../../platform/detour.ts'],
  'simulator-is-a-stranger': ['src/simulator/ideas.ts', '../domain/plain.ts'],
  'nobody-imports-the-simulator': ['src/apps/worker/shortcut.ts', '../../simulator/plain.ts'],
  'sdk-rooms': ['src/apps/relay/stripe.ts', 'stripe'],
  'sql-room': ['src/apps/relay/sql.ts', 'postgres'],
  'no-test-in-product': ['src/apps/worker/fixture.ts', '../../../test/plain.ts'],
  'no-dev-dependency-in-product': ['src/apps/worker/tool.ts', 'vitest'],
  'no-cycles': ['src/platform/round.ts', './trip.ts'],
  'no-unresolvable': ['src/platform/lost.ts', './nowhere.ts'],
};

/** What the breaches lead to. The detour reaches Temporal's client two imports away from the authorizer. */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  'package.json':
    '{"type":"module","dependencies":{"postgres":"1","stripe":"1","@temporalio/client":"1"},"devDependencies":{"vitest":"1"}}',
  'tsconfig.json': '{"compilerOptions":{"module":"nodenext","target":"es2023"}}',
  'bench/plain.ts': 'export const plain = 1;\n',
  'src/platform/config.ts': 'export const plain = 1;\n',
  'src/platform/detour.ts': "export * from './hidden.ts';\n",
  'src/platform/hidden.ts': "export * from '@temporalio/client';\n",
  'src/platform/trip.ts': "export * from './round.ts';\n",
  ...Object.fromEntries(
    ['src/domain', 'src/adapters/postgres', 'src/apps/ingress', 'src/simulator']
      .concat(['workflows', 'activities', 'test'])
      .map((room) => [`${room}/plain.ts`, 'export const plain = 1;\n']),
  ),
  ...Object.fromEntries(
    ['postgres', 'stripe', '@temporalio/client', 'vitest'].flatMap((name) => [
      [
        `node_modules/${name}/package.json`,
        `{"name":"${name}","type":"module","exports":"./index.js"}`,
      ],
      [`node_modules/${name}/index.js`, 'export const plain = 1;\n'],
    ]),
  ),
};

async function plant(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await temporaryFolder();
  const breaches = Object.values(BREACHES).map(
    ([file, imported]) => [file, `export * from '${imported}';\n`] as const,
  );
  for (const [file, text] of [...Object.entries({ ...SURROUNDINGS, ...more }), ...breaches]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

test('every import keeps to the rules', async () => {
  expect((await violationsIn(root)).map(sentence)).toEqual([]);
});

test('every rule reports the breach planted for it', async () => {
  expect(Object.keys(BREACHES).toSorted()).toEqual(
    rules.forbidden.map(({ name }) => name).toSorted(),
  );
  const found = new Set(
    (await violationsIn(await plant())).map(({ rule, from }) => `${rule.name}: ${from}`),
  );
  const missed = Object.entries(BREACHES)
    .map(([rule, [file]]) => `${rule}: ${file}`)
    .filter((breach) => !found.has(breach));
  expect(missed).toEqual([]);
});

test('a workflow may import the types of activities', async () => {
  const typed =
    "import type { plain } from '../activities/plain.ts';\nexport type Plain = typeof plain;\n";
  const violations = await violationsIn(await plant({ 'workflows/typed.ts': typed }));
  const reported = violations.filter(({ from }) => from === 'workflows/typed.ts');
  expect(reported.map(sentence)).toEqual([]);
});
