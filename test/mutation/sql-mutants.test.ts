import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultMigrationDirectory } from '../../src/adapters/postgres/migration-files.ts';
import { mutantsOf } from './sql-mutants.ts';

/** The mistakes made in the body of a function, each as `{old → new}`. */
const mistakesIn = (body: string): readonly string[] =>
  mutantsOf(
    '0001-x.sql',
    `create function f(a int) returns int language plpgsql as $$\n${body}\n$$;\n`,
  ).map(({ change }) => /\{[\s\S]*\}/.exec(change)?.[0] ?? '');

test('comparisons, signs, numbers and logic are mistaken for their neighbours', () => {
  expect(mistakesIn('a < 1 and not b is null')).toEqual([
    '{< → <=}',
    '{< → >=}',
    '{and → or}',
    '{1 → 0}',
    '{1 → 2}',
    '{not → }',
    '{is → is not}',
  ]);
  expect(mistakesIn('select * from t where x = -y + z')).toEqual(['{= → <>}', '{- → }', '{+ → -}']);
});

test('a default, a branch and a boundary are lost', () => {
  expect(mistakesIn("coalesce(least(a, b), '')")).toEqual(['{least → greatest}', "{, '' → }"]);
  expect(mistakesIn("case k when 'x' then ceil(b) else c end")).toEqual([
    '{ceil → floor}',
    "{'x' → null}",
  ]);
  expect(mistakesIn('case when a then b when c then d end')).toEqual([
    '{a → false}',
    '{c → false}',
  ]);
});

test('locks are taken in another order, not at all, or with waiting', () => {
  expect(mistakesIn('select x from t order by x for no key update skip locked')).toEqual([
    '{order by x → }',
    '{ → desc}',
    '{for no key update skip locked → }',
    '{skip locked → }',
  ]);
});

test('statements are dropped, and branches are always or never taken', () => {
  const body = 'begin if a then b := c; else raise d; end if; return e; end';
  expect(mistakesIn(body)).toEqual([
    '{b := c; → null;}',
    '{raise d; → null;}',
    '{if a then b := c; else raise d; end if; → null;}',
    '{a → true}',
    '{a → false}',
  ]);
});

test('comments and messages are left alone', () => {
  expect(mistakesIn("perform f('a < 1 and b'); -- a < 1 and b")).toEqual([]);
});

test('slices of arrays and names in quotes are read like the rest', () => {
  expect(mistakesIn('select "a < 1" from f(list[2:place])')).toEqual(['{2 → 3}']);
});

test('a mutant names its place and is a whole function', () => {
  const migration = `-- A comment.\ncreate function f() returns int language sql as $$\n  select 1;\n$$;\n`;
  expect(mutantsOf('0001-x.sql', migration)[0]).toEqual({
    functionName: 'f',
    file: '0001-x.sql',
    line: 3,
    change: 'language sql as $$ select {1 → 0}; $$;',
    sql: 'create or replace function f() returns int language sql as $$\n  select 0;\n$$;',
  });
});

test.each([
  '0003-ledger.sql',
  '0006-relay.sql',
  '0007-books.sql',
  '0008-spending.sql',
  '0009-decide.sql',
])('no function of %s is missed', (file) => {
  const migration = readFileSync(join(defaultMigrationDirectory(), file), 'utf8');
  const functions = [...migration.matchAll(/^create function (\w+)/gm)].map(([, name]) => name);
  const mutated = new Set(mutantsOf(file, migration).map(({ functionName }) => functionName));
  // It only puts a row into another form, so there is nothing to mistake.
  const plain = ['decision_answer'];
  expect(functions.filter((name) => name !== undefined && !mutated.has(name))).toEqual(
    functions.filter((name) => name !== undefined && plain.includes(name)),
  );
});
