/** Finds the statements of a PL/pgSQL body and the conditions of its branches, as far as ours are written. */
import { indexOfNext, type Token } from './sql-tokens.ts';

/** A range of tokens; `last` belongs to it. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

export interface Statement extends Range {
  readonly isNested: boolean;
}

export interface Parts {
  readonly statements: readonly Statement[];
  /** Of `if` and `elsif`; `hasOthers` when another branch may be taken instead. */
  readonly conditions: readonly (Range & { readonly hasOthers: boolean })[];
  /** `exception when … then …` of a block. */
  readonly handlers: readonly Range[];
}

const BRANCH_ENDS = ['end', 'else', 'elsif', 'exception', 'when'];

/** An empty answer for a function in plain SQL, which has no statements of its own. */
export function partsOf(tokens: readonly Token[]): Parts {
  const statements: Statement[] = [];
  const conditions: (Range & { readonly hasOthers: boolean })[] = [];
  const handlers: Range[] = [];
  const textAt = (i: number): string => tokens[i]?.text ?? '';

  /** Reads statements from `from` on, and answers the index of the word that ends the list. */
  function readList(from: number, isNested: boolean): number {
    let i = from;
    while (i < tokens.length && !BRANCH_ENDS.includes(textAt(i))) {
      const last = readStatement(i);
      statements.push({ first: i, last, isNested });
      i = last + 1;
    }
    return i;
  }

  /** Answers the index of the semicolon that ends the statement. */
  function readStatement(first: number): number {
    if (textAt(first) === 'if') return readIf(first);
    if (textAt(first) === 'begin') return readBlock(first);
    if (textAt(first) === 'for' || textAt(first) === 'while') {
      const end = readList(indexOfNext(tokens, first, ['loop']) + 1, true);
      return indexOfNext(tokens, end, [';']);
    }
    return indexOfNext(tokens, first, [';']);
  }

  function readIf(first: number): number {
    const found: Range[] = [];
    let at = first;
    while (textAt(at) === 'if' || textAt(at) === 'elsif') {
      const then = indexOfNext(tokens, at, ['then']);
      found.push({ first: at + 1, last: then - 1 });
      at = readList(then + 1, true);
    }
    const hasElse = textAt(at) === 'else';
    if (hasElse) at = readList(at + 1, true);
    const hasOthers = hasElse || found.length > 1;
    conditions.push(...found.map((range) => ({ ...range, hasOthers })));
    return indexOfNext(tokens, at, [';']);
  }

  function readBlock(first: number): number {
    let end = readList(first + 1, true);
    if (textAt(end) === 'exception') {
      const handler = end;
      end = readList(indexOfNext(tokens, handler, ['then']) + 1, true);
      handlers.push({ first: handler, last: end - 1 });
    }
    return indexOfNext(tokens, end, [';']);
  }

  const begin = tokens.findIndex(({ text }) => text === 'begin');
  if (begin >= 0) readList(begin + 1, false);
  return { statements, conditions, handlers };
}
