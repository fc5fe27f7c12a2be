/** Replays the worked examples of docs/ledger.md row by row, so that the page and the code cannot disagree. */
import { describe, expect, it } from 'vitest';
import { AUTHORIZATION_FLAGS } from '../../src/domain/authorization-flags.ts';
import type { ObservedTransaction } from '../../src/domain/authorization-state.ts';
import { TRANSACTION_FLAGS } from '../../src/domain/books.ts';
import { parseStripeCardId, parseTransactionId } from '../../src/domain/ids.ts';
import { FUEL_SURPLUS_VALID_S } from '../../src/domain/limits.ts';
import { type Currency, formatMoney, minorUnits } from '../../src/domain/money.ts';
import { CARD, ExampleBooks, type Line, PURCHASE } from '../support/ledger-example.ts';
import { projectText } from '../support/project-files.ts';
import { currency } from '../support/sample-request.ts';

const page = projectText('docs/ledger.md') ?? '';
/** The page shows every case of the ledger; fewer tables would mean that the parser has lost some. */
const EXAMPLES_MIN = 40;
const DAY_S = 86_400;
const NOTHING = '–';

type Row = Readonly<Record<string, string>>;
interface Example {
  readonly title: string;
  readonly rows: Row[];
}

const cellsOf = (line: string): readonly string[] =>
  line.startsWith('|')
    ? line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    : [];

/** Every table whose first column is "what happens", named by the heading above it. */
function examplesOf(text: string): readonly Example[] {
  const examples: Example[] = [];
  let title = '';
  let columns: readonly string[] = [];
  for (const line of text.split('\n')) {
    const cells = cellsOf(line);
    title = /^#+ (.*)/.exec(line)?.[1] ?? title;
    if (cells[0] === 'what happens') {
      columns = cells;
      examples.push({ title: `${title} (${examples.length + 1})`, rows: [] });
    } else if (cells.length === 0) columns = [];
    else if (columns.length > 0 && !/^-+:?$/.test(cells[0] ?? '')) {
      const named = columns.map((column, index) => [column, cells[index] ?? ''] as const);
      examples.at(-1)?.rows.push(Object.fromEntries(named));
    }
  }
  return examples;
}

const amountText = (minor: number, unit: Currency): string =>
  formatMoney(minorUnits(minor), unit).replace(/ .*/, '');

/** Reads `40.00`, which must be written with the decimals of its currency. */
function amountOf(text: string | undefined, unit: Currency): number {
  const minor = Number(text?.replace('.', ''));
  expect(text).toBe(amountText(minor, unit));
  return minor;
}

type Groups = Readonly<Record<string, string | undefined>>;
type Action = (books: ExampleBooks, minor: number, groups: Groups) => void;
type Show = Parameters<ExampleBooks['show']>;
type DecideOptions = Parameters<ExampleBooks['decide']>[2];
type Over = Parameters<ExampleBooks['record']>[2];

const approves =
  (options: (books: ExampleBooks, groups: Groups) => DecideOptions): Action =>
  (books, m, groups) =>
    books.decide(m, m, options(books, groups));
const shows =
  (options: (books: ExampleBooks, groups: Groups) => Show[2]): Action =>
  (books, m, groups) =>
    books.show(groups['status'] as Show[0], m, options(books, groups));
const clears =
  (type: 'capture' | 'refund', over: (books: ExampleBooks, groups: Groups) => Over): Action =>
  (books, m, groups) =>
    books.clear(books.record(type, m, over(books, groups)));

const lastRecord = ({ transactions }: ExampleBooks): ObservedTransaction => {
  const state = [...transactions.values()].at(-1);
  if (state === undefined) throw new Error('nothing was cleared');
  return state.transaction;
};
const unlinked = { authorizationId: null };

/** What a row may say: `¤` is an amount, `§` a status. Remarks in brackets are for people alone. */
const ACTIONS: Readonly<Record<string, Action>> = {
  'credit ¤': (books, m) => books.command('credit', 'bank', 'account', m),
  'debit ¤': (books, m) => books.command('debit', 'account', 'bank', m),
  'transfer ¤ to another account': (books, m) =>
    books.command('transfer', 'account', 'other account', m),
  'the credit of ¤ is corrected': (books, m) => books.command('correction', 'account', 'bank', m),
  'we decline ¤': (books, m) => books.decide(m, null),
  'we approve ¤ of (?<asked>.+)': (books, m, { asked }) =>
    books.decide(amountOf(asked, books.currency), m),
  'we approve ¤': approves(() => ({})),
  'we approve ¤, too late': approves(() => ({ reached: 'late' })),
  'we approve ¤, but Stripe never hears of it': approves(() => ({ reached: 'never' })),
  'we approve ¤ with a margin of (?<percent>\\d) %': approves((_, { percent }) => ({
    surplus: { kind: 'margin', basisPoints: Number(percent) * 100 },
  })),
  'we approve ¤ and hold (?<held>.+) for fuel': approves(({ nowS, currency: unit }, { held }) => {
    const holdMinor = minorUnits(amountOf(held, unit));
    return { surplus: { kind: 'fuel', holdMinor, validUntilS: nowS + FUEL_SURPLUS_VALID_S } };
  }),
  'Stripe shows § ¤': shows(() => ({})),
  'Stripe shows § ¤, an older view': shows(() => ({ as: 'older' })),
  'Stripe shows § ¤ in the same second': shows(() => ({ as: 'again' })),
  'asked for the purchase, Stripe shows § ¤': shows(() => ({ as: 'fetched' })),
  'Stripe shows § ¤, listing a capture of (?<listed>.+)': shows((books, { listed }) => ({
    listed: books.record('capture', amountOf(listed, books.currency)),
  })),
  'Stripe shows § ¤, listing capture (?<id>.+) by its id': shows((_, { id = '' }) => ({
    listedById: parseTransactionId(id),
  })),
  'Stripe shows § ¤, listing that record': shows((books) => ({ listed: lastRecord(books) })),
  'capture ¤': clears('capture', () => ({})),
  'refund ¤': clears('refund', () => ({})),
  'capture ¤ dated (?<days>\\d) days ago': clears('capture', ({ nowS }, { days }) => ({
    createdS: nowS - Number(days) * DAY_S,
  })),
  'capture (?<id>ipi_\\w+) of ¤': clears('capture', (_, { id = '' }) => ({
    transactionId: parseTransactionId(id),
  })),
  'capture (?<id>ipi_\\w+) of ¤ that names no purchase': clears('capture', (_, { id = '' }) => ({
    ...unlinked,
    transactionId: parseTransactionId(id),
  })),
  'forced capture ¤': clears('capture', () => unlinked),
  'forced capture ¤ EUR': clears('capture', () => ({ ...unlinked, currency: currency('eur') })),
  'forced capture ¤ by a card that nobody knows': clears('capture', () => ({
    ...unlinked,
    stripeCardId: parseStripeCardId('ic_unknown'),
  })),
  'unlinked refund ¤': clears('refund', () => unlinked),
  'that record names the purchase': (books) =>
    books.clear({ ...lastRecord(books), authorizationId: PURCHASE }),
  'the same event again': (books) => books.see(...books.seen.slice(-1)),
  'the relay looks again': (books) => books.see({ kind: 'decision', authorizationId: PURCHASE }),
  'the card is recorded': (books) => {
    books.isCardKnown = true;
    const { stripeCardId } = CARD;
    books.see({ kind: 'card_recorded', stripeCardId }, ...books.parked.splice(0));
  },
};
const STATUS = '(?<status>pending|closed|reversed|expired|declined)';
const STEPS = Object.entries(ACTIONS).map(([form, action]) => {
  const pattern = form.replace('¤', '(?<minor>[\\d.]+)').replace('§', STATUS);
  return [new RegExp(`^${pattern}$`), action] as const;
});
const LATER_S: Readonly<Record<string, number>> = { minute: 60, day: DAY_S };

/** Opens the books by the text of an example's first row. */
function open(text: string): ExampleBooks {
  const form =
    /^an account with (?<funds>\S+) (?<code>[A-Z]{3})(?: and a credit limit of (?<limit>[\d.]+))?(?<unknown>, its card not recorded yet)?$/;
  const { funds, code = '', limit, unknown } = form.exec(text)?.groups ?? {};
  const unit = currency(code.toLowerCase());
  const limitMinor = limit === undefined ? 0 : amountOf(limit, unit);
  const books = new ExampleBooks(unit, limitMinor, unknown === undefined);
  const fundsMinor = amountOf(funds, unit);
  if (fundsMinor > 0) books.command('credit', 'bank', 'account', fundsMinor);
  return books;
}

function take(books: ExampleBooks, text: string): void {
  const later = /^(\d+) (minute|day)s? later, /.exec(text);
  books.beginStep(Number(later?.[1] ?? 0) * (LATER_S[later?.[2] ?? ''] ?? 0));
  const said = text.slice(later?.[0].length ?? 0);
  for (const [form, action] of STEPS) {
    const groups = form.exec(said)?.groups;
    if (groups === undefined && !form.test(said)) continue;
    const { minor } = groups ?? {};
    action(books, minor === undefined ? 0 : amountOf(minor, books.currency), groups ?? {});
    return;
  }
  throw new Error(`no step says "${said}"`);
}

const NAMES: Readonly<Record<string, string>> = {
  owed: 'network_settlement',
  'owed EUR': 'network_settlement EUR',
};

function entriesText({ entries, currency: unit }: ExampleBooks): string {
  const line = ([debit, credit, minor]: Line, foreign: Currency): string => {
    const code = foreign === unit ? '' : ` ${foreign.toUpperCase()}`;
    return `${debit} → ${credit} ${amountText(minor, foreign)}${code}`;
  };
  return entries
    .map((e) => `${e.kind}: ${e.lines.map((l) => line(l, e.currency)).join(' + ')}`)
    .join('; ');
}

const listText = (names: Iterable<string>): string =>
  [...new Set(names)].map((n) => `\`${n}\``).join(', ');

/** What the books say in a column. */
function cellOf(books: ExampleBooks, column: string): string {
  const { purchase, transactions, items, sums, nowS } = books;
  switch (column) {
    case 'entries':
      return entriesText(books) || NOTHING;
    case 'flags': {
      const cleared = [...transactions.values()].flatMap(({ flags }) => flags);
      return listText([...(purchase?.flags ?? []), ...cleared]) || NOTHING;
    }
    case 'open items':
      return listText([...items].toSorted()) || NOTHING;
    case 'counted':
      return amountText(purchase?.countedMinor ?? 0, books.currency);
    case 'effective': {
      const days = (nowS - (books.entries.at(-1)?.effectiveS ?? nowS)) / DAY_S;
      return days === 0 ? 'now' : `${days} days ago`;
    }
    default:
      return amountText(sums.get(NAMES[column] ?? column) ?? 0, books.currency);
  }
}

/** Columns that a table may leave out while there is nothing in them. */
const SILENT = ['flags', 'open items', 'suspense'];

function replay({ rows: [first, ...rows] }: Example): void {
  const said = (row: Row = {}): string => (row['what happens'] ?? '').replace(/ \(.*\)$/, '');
  const books = open(said(first));
  const check = (row: Row = {}): void => {
    const columns = [...new Set([...Object.keys(row).slice(1), ...SILENT])];
    const none = (column: string) =>
      column === 'suspense' ? amountText(0, books.currency) : NOTHING;
    const shown = columns.map((column) => [column, row[column] ?? none(column)] as const);
    const actual = columns.map((column) => [column, cellOf(books, column)] as const);
    const step = { step: said(row) };
    expect({ ...step, ...Object.fromEntries(actual) }).toEqual({
      ...step,
      ...Object.fromEntries(shown),
    });
    expect([...books.sums.values()].reduce((sum, minor) => sum + minor, 0)).toBe(0);
  };
  check(first);
  for (const row of rows) {
    take(books, said(row));
    check(row);
  }
}

describe('the page about the ledger', () => {
  const examples = examplesOf(page);

  it.each(examples)('shows what the code does: $title', replay);

  it('has an example of every case', () => {
    expect(examples.length).toBeGreaterThanOrEqual(EXAMPLES_MIN);
  });

  it('names every flag', () => {
    const flags = [...AUTHORIZATION_FLAGS, ...TRANSACTION_FLAGS];
    expect(flags.filter((flag) => !page.includes(`\`${flag}\``))).toEqual([]);
  });

  it('uses the pairs of ledger accounts that the database allows, and no others', () => {
    const entries = examples.flatMap(({ rows }) => rows.map((row) => row['entries'] ?? ''));
    const used = entries.flatMap((text) =>
      [...text.matchAll(/(\w+) → (\w+)/g)].map((m) => m.slice(1)),
    );
    const schema = projectText('src/adapters/postgres/migrations/0003-ledger.sql') ?? '';
    const [, pairs = ''] =
      /check \(debit \|\| ' > ' \|\| credit = any \('\{(.*?)\}'\)\),\n/s.exec(schema) ?? [];
    const allowed = [...pairs.matchAll(/(\w+) > (\w+)/g)].map((m) => m.slice(1));
    const texts = (list: readonly string[][]) =>
      [...new Set(list.map((p) => p.join(' → ')))].toSorted();
    expect(texts(used.filter((p) => !p.includes('other')))).toEqual(texts(allowed));
  });
});
