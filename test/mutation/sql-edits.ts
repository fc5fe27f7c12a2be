/** Mistakes in expressions: signs, comparisons, boundaries, logic, defaults, and locks. */
import { indexOfNext, type Token } from './sql-tokens.ts';

/** A change of the text of a function. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** What a word or sign is mistaken for. What does not compile then is left out when it is tried. */
const SWAPS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '=': ['<>'],
  '<>': ['='],
  least: ['greatest'],
  greatest: ['least'],
  ceil: ['floor'],
  floor: ['ceil'],
  and: ['or'],
  or: ['and'],
  exists: ['not exists'],
  true: ['false'],
  false: ['true'],
  "'day'": ["'hour'"],
  "'week'": ["'day'"],
  "'month'": ["'week'"],
  "'year'": ["'month'"],
  "'-infinity'": ["'infinity'"],
  "'0'": ["'1'"],
  pg_snapshot_xmin: ['pg_snapshot_xmax'],
};

/** Words after which a minus or plus is a sign of its own and a star is no product. */
const NO_OPERANDS = ['then', 'else', 'select', 'when', 'return', 'case', 'and', 'or'];

type Rule = (tokens: readonly Token[], i: number) => readonly Edit[];

export const expressionEdits = (tokens: readonly Token[]): readonly Edit[] =>
  RULES.flatMap((rule) => tokens.flatMap((_token, i) => rule(tokens, i)));

const textAt = (tokens: readonly Token[], i: number): string => tokens[i]?.text ?? '';

/** Replaces the tokens from `first` to `last` by a text. */
function replaced(tokens: readonly Token[], first: number, last: number, by: string): Edit {
  return { start: tokens[first]?.start ?? 0, end: tokens[last]?.end ?? 0, by };
}

const wordsAt = (tokens: readonly Token[], i: number, words: string): boolean =>
  words.split(' ').every((word, offset) => textAt(tokens, i + offset) === word);

const swaps: Rule = (tokens, i) =>
  (SWAPS[textAt(tokens, i)] ?? []).map((by) => replaced(tokens, i, i, by));

/** `+` for `-`, `*` for `/`, and a sign that is missing. */
const signs: Rule = (tokens, i) => {
  const other = { '+': '-', '-': '+', '*': '/', '/': '*' }[textAt(tokens, i)];
  if (other === undefined) return [];
  const before = tokens[i - 1];
  const isBinary =
    before !== undefined &&
    (before.text === ')' || (before.kind !== 'sign' && !NO_OPERANDS.includes(before.text)));
  if (isBinary) return [replaced(tokens, i, i, other)];
  return textAt(tokens, i) === '-' ? [replaced(tokens, i, i, '')] : [];
};

const numbers: Rule = (tokens, i) => {
  const token = tokens[i];
  if (token?.kind !== 'number') return [];
  const next = Number(token.text) + 1;
  return (token.text === '1' ? [0, 2] : [next]).map((by) => replaced(tokens, i, i, String(by)));
};

const negations: Rule = (tokens, i) => {
  if (textAt(tokens, i) === 'not' && textAt(tokens, i - 1) !== 'is') {
    return [replaced(tokens, i, i, '')];
  }
  if (textAt(tokens, i) === 'is') {
    return wordsAt(tokens, i, 'is not')
      ? [replaced(tokens, i, i + 1, 'is')]
      : [replaced(tokens, i, i, 'is not')];
  }
  const isList = wordsAt(tokens, i, 'in (') && textAt(tokens, i - 1) !== 'not';
  return isList ? [replaced(tokens, i, i, 'not in')] : [];
};

/** `coalesce` without its default. */
const defaults: Rule = (tokens, i) => {
  if (!wordsAt(tokens, i, 'coalesce (')) return [];
  const comma = indexOfNext(tokens, i + 2, [',']);
  const close = indexOfNext(tokens, i + 2, [')']);
  const inner: Edit = {
    start: tokens[comma]?.start ?? 0,
    end: tokens[close]?.start ?? 0,
    by: '',
  };
  return [inner];
};

/** A branch of a `case` expression that is never taken. */
const branches: Rule = (tokens, i) => {
  if (textAt(tokens, i) !== 'case') return [];
  const isSearched = textAt(tokens, i + 1) === 'when';
  const edits: Edit[] = [];
  let when = indexOfNext(tokens, i + 1, ['when', 'end']);
  while (textAt(tokens, when) === 'when') {
    const then = indexOfNext(tokens, when + 1, ['then']);
    edits.push(replaced(tokens, when + 1, then - 1, isSearched ? 'false' : 'null'));
    when = indexOfNext(tokens, then + 1, ['when', 'end']);
  }
  return edits;
};

const LOCKS = ['for no key update', 'for update', 'for share'];

/** Rows locked in another order, not at all, or with waiting where nobody should wait. */
const locks: Rule = (tokens, i) => {
  if (wordsAt(tokens, i, 'order by')) {
    const last = indexOfNext(tokens, i + 2, ['for', 'limit', 'loop', ')', ';']) - 1;
    const end = tokens[last]?.end ?? 0;
    return [replaced(tokens, i, last, ''), { start: end, end, by: ' desc' }];
  }
  if (wordsAt(tokens, i, 'skip locked')) return [replaced(tokens, i, i + 1, '')];
  if (textAt(tokens, i) === 'pg_try_advisory_xact_lock') {
    return [replaced(tokens, i, indexOfNext(tokens, i + 2, [')']), 'true')];
  }
  return LOCKS.filter((words) => wordsAt(tokens, i, words)).map((words) => {
    const last = i + words.split(' ').length - 1;
    const skips = wordsAt(tokens, last + 1, 'skip locked');
    return replaced(tokens, i, skips ? last + 2 : last, '');
  });
};

const RULES: readonly Rule[] = [swaps, signs, numbers, negations, defaults, branches, locks];
