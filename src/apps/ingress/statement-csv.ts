/**
 * A statement as CSV (RFC 4180), row by row, so that a long one needs no more memory than a short one. The first
 * row is the opening and the last the closing balance; a file without the latter was cut off on its way.
 */
import { STATEMENT_LINES_MAX } from '../../client/schemas/account-history.ts';
import { invariant } from '../../domain/invariant.ts';
import { formatDecimal, type MinorUnits } from '../../domain/money.ts';
import type { AccountHistory, StatementFrame, StatementLine } from '../../ports/account-history.ts';

const COLUMNS = [
  'postedAt',
  'effectiveAt',
  'kind',
  'entryId',
  'currency',
  'amount',
  'balance',
  'amountMinor',
  'balanceMinor',
  'merchant',
  'externalRef',
  'cardId',
  'authorizationId',
  'transactionId',
  'counterAccountId',
  'correctsEntryId',
] as const;
type Row = Partial<Record<(typeof COLUMNS)[number], string | number | null>>;

/** Digits of a day, as in `2026-11-23`. */
const DAY = 10;

/** E.g. `statement-acc_1-2026-11-01-2026-12-01.csv`. */
export const csvName = ({ accountId, from, to }: StatementFrame): string =>
  `statement-${accountId}-${from.slice(0, DAY)}-${to.slice(0, DAY)}.csv`;

export async function* statementCsv(
  frame: StatementFrame,
  history: Pick<AccountHistory, 'lines'>,
): AsyncGenerator<string> {
  const { from, to, opening, closing } = frame;
  yield `${COLUMNS.join(',')}\r\n`;
  yield csvRow({ postedAt: from, kind: 'opening', ...balanceOf(frame, opening.balanceMinor) });
  for (let after: string | undefined, isEnd = false; !isEnd; ) {
    const page = await history.lines(frame, { limit: STATEMENT_LINES_MAX, after });
    invariant(page !== 'bad_cursor', 'a cursor that was just given is known');
    yield page.data.map((line) => csvRow(rowOf(frame, line))).join('');
    isEnd = page.nextCursor === null;
    after = page.nextCursor ?? undefined;
  }
  yield csvRow({ postedAt: to, kind: 'closing', ...balanceOf(frame, closing.balanceMinor) });
}

const rowOf = (frame: StatementFrame, line: StatementLine): Row => ({
  ...line,
  ...balanceOf(frame, line.balanceMinor),
  amount: formatDecimal(line.amountMinor, frame.currency),
});

const balanceOf = ({ currency }: StatementFrame, balanceMinor: MinorUnits): Row => ({
  currency,
  balance: formatDecimal(balanceMinor, currency),
  balanceMinor,
});

/** What others have chosen the words of: always quoted, and never a formula. */
const FOREIGN: ReadonlySet<string> = new Set(['merchant', 'externalRef']);

const csvRow = (row: Row): string => {
  const cells = COLUMNS.map((column) => {
    const value = String(row[column] ?? '');
    return FOREIGN.has(column) && value !== '' ? foreignText(value) : value;
  });
  return `${cells.join(',')}\r\n`;
};

/**
 * A spreadsheet runs a cell as a formula that begins with one of these, perhaps behind blanks; an apostrophe
 * makes it text. Quoted, because where a semicolon separates cells an unquoted one would begin another.
 */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/u;

function foreignText(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
