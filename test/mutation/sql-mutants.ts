/** Mutants of the functions in the migrations: each is the whole function with one small mistake in it. */
import { type Edit, expressionEdits } from './sql-edits.ts';
import { partsOf } from './sql-statements.ts';
import { type Token, tokensOf } from './sql-tokens.ts';

export interface SqlMutant {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
  /** `{old → new}` between the words around it. */
  readonly change: string;
  /** A statement that puts the mutant in the place of the function. */
  readonly sql: string;
}

const FUNCTION = /^create function (\w+)[\s\S]*?\$\$([\s\S]*?)\$\$[^;]*;/gm;

/** All mutants of all functions of one migration. */
export function mutantsOf(file: string, migration: string): readonly SqlMutant[] {
  return [...migration.matchAll(FUNCTION)].flatMap((match) => {
    const [text, functionName = '', body = ''] = match;
    const from = text.indexOf('$$') + 2;
    const tokens = tokensOf(text, from, from + body.length);
    const edits = [...expressionEdits(tokens), ...statementEdits(tokens)];
    const unique = new Map(edits.map((edit) => [applied(text, edit), edit]));
    return [...unique].map(([sql, edit]) => ({
      functionName,
      file,
      line: lineOf(migration, match.index + edit.start),
      change: changeOf(text, edit),
      sql: sql.replace('create function', 'create or replace function'),
    }));
  });
}

/** A statement that is missing, a branch that is always or never taken, an exception that nobody catches. */
function statementEdits(tokens: readonly Token[]): readonly Edit[] {
  const { statements, conditions, handlers } = partsOf(tokens);
  const edit = (first: number, last: number, by: string): Edit => ({
    start: tokens[first]?.start ?? 0,
    end: tokens[last]?.end ?? 0,
    by,
  });
  return [
    ...statements
      // Without its last return a function fails whenever it is called, which tells nothing about the tests.
      .filter(({ first, isNested }) => isNested || tokens[first]?.text !== 'return')
      .map(({ first, last }) => edit(first, last, 'null;')),
    ...conditions.map(({ first, last }) => edit(first, last, 'true')),
    // Without another branch this is the same as dropping the statement.
    ...conditions
      .filter(({ hasOthers }) => hasOthers)
      .map(({ first, last }) => edit(first, last, 'false')),
    ...handlers.map(({ first, last }) => edit(first, last, '')),
  ];
}

const applied = (text: string, { start, end, by }: Edit): string =>
  text.slice(0, start) + by + text.slice(end);

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** Longer statements are told by their beginning. */
const TOLD_CHARACTERS_MAX = 70;
/** What is shown of the line on both sides, so that a change can be found again when lines have moved. */
const AROUND_CHARACTERS = 28;

function changeOf(text: string, { start, end, by }: Edit): string {
  const flat = (part: string): string => part.replaceAll(/\s+/g, ' ');
  const old = flat(text.slice(start, end));
  const told = old.length > TOLD_CHARACTERS_MAX ? `${old.slice(0, TOLD_CHARACTERS_MAX)}…` : old;
  const before = flat(text.slice(Math.max(0, start - AROUND_CHARACTERS), start)).trimStart();
  const after = flat(text.slice(end, end + AROUND_CHARACTERS)).trimEnd();
  return `${before}{${told} → ${by.trim()}}${after}`;
}
