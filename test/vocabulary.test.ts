/**
 * SQL and TypeScript use the same words: every list of values that a column's CHECK allows equals the union of
 * the same name in TypeScript, and a column that holds an amount says its unit.
 */
import ts from 'typescript';
import { expect, test } from 'vitest';
import { API_SCOPES } from '../src/domain/api-scopes.ts';
import { CARD_PHASES } from '../src/domain/card-phase.ts';
import { ENTRY_KINDS, LEDGER_KINDS } from '../src/domain/ledger.ts';
import { DISPUTE_STATUSES } from '../src/domain/sighting.ts';
import { projectFiles, projectText } from './support/project-files.ts';

const tables = new Map<string, string>(
  projectFiles()
    .filter(({ path }) => path.startsWith('src/adapters/postgres/migrations/'))
    .flatMap(({ text }) => [
      ...text.replaceAll(/--.*$/gm, '').matchAll(/create table (\w+) \(\n([\s\S]*?)\n\)/g),
    ])
    .map(([, name, body]) => [name ?? '', body ?? '']),
);

/** `table.column` with the values that the column's own CHECK allows. */
function checkedColumns(): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [table, body] of tables) {
    for (const [, column, list] of body.matchAll(
      /\b(\w+)\s+text\b[^,]*?check\s*\(\s*\1\s+in\s*\(([^)]*)\)/g,
    )) {
      found[`${table}.${column}`] = [...(list ?? '').matchAll(/'([^']*)'/g)].map(
        ([, value]) => value ?? '',
      );
    }
  }
  return found;
}

/** The text literals of a type, or of a property (`Interface.property`), as written in the file. */
function literalsOf(file: string, name: string): readonly string[] {
  const source = ts.createSourceFile(file, projectText(file) ?? '', ts.ScriptTarget.ES2023, true);
  const [owner, property] = name.split('.');
  const literals: string[] = [];
  const collect = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) literals.push(node.text);
    ts.forEachChild(node, collect);
  };
  for (const statement of source.statements) {
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === owner)
      collect(statement.type);
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === owner) {
      for (const member of statement.members) {
        if (member.name?.getText(source) === property) collect(member);
      }
    }
  }
  return literals;
}

/** Where TypeScript says the same as the CHECK of a column. */
const UNIONS: Readonly<Record<string, readonly string[]>> = {
  'api_keys.scope': API_SCOPES,
  'tenants.captured_amount': literalsOf('src/domain/hold.ts', 'CapturedAmountReading'),
  'tenants.kyc_provider': literalsOf('src/domain/kyc-providers.ts', 'KycProviderName'),
  'accounts.status': literalsOf('src/ports/accounts.ts', 'AccountStatus'),
  'cardholders.type': literalsOf('src/ports/cardholders.ts', 'Cardholder.type'),
  'cardholders.kyc_status': literalsOf('src/domain/kyc.ts', 'KycStatus'),
  'cardholders.kyc_provider': literalsOf('src/domain/kyc-providers.ts', 'KycProviderName'),
  'cardholders.stripe_status': literalsOf('src/ports/cardholders.ts', 'Cardholder.status'),
  'cards.type': literalsOf('src/ports/cards.ts', 'Card.type'),
  'cards.phase': CARD_PHASES,
  'cards.cancel_reason': literalsOf('src/domain/card-facts.ts', 'CancelReason'),
  'cards.replacement_reason': literalsOf('src/domain/card-facts.ts', 'ReplacementReason'),
  'stripe_cards.status': literalsOf('src/domain/card-facts.ts', 'StripeCardStatus'),
  'stripe_cards.shipping_status': literalsOf('src/domain/card-facts.ts', 'ShippingStatus'),
  'stripe_attempts.step': literalsOf('src/ports/attempt-store.ts', 'AttemptStep'),
  'authorizations.status': literalsOf('src/domain/authorization-state.ts', 'AuthorizationStatus'),
  'disputes.status': DISPUTE_STATUSES,
  'hold_lookups.result': literalsOf('src/adapters/postgres/unconfirmed-store.ts', 'LookResult'),
  'transactions.type': literalsOf('src/domain/authorization-state.ts', 'ObservedTransaction.type'),
  'journal_entries.kind': ENTRY_KINDS,
  'ledger_totals.kind': LEDGER_KINDS,
  'inbox.status': literalsOf('src/adapters/postgres/apply/inbox-row.ts', 'RowOutcome.status'),
};
/** Columns whose values only SQL statements name. */
const SQL_ONLY = ['inbox.source'];

const sorted = (lists: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.toSorted()]));

test('every list of values in SQL equals the union in TypeScript', () => {
  const inSql = Object.entries(checkedColumns()).filter(([column]) => !SQL_ONLY.includes(column));
  expect(sorted(Object.fromEntries(inSql))).toEqual(sorted(UNIONS));
});

test('every column that holds an amount says its unit', () => {
  const amount =
    /amount|balance|limit|available|held|hold|captured|refunded|counted|asked|spent|price|fee|cost/;
  const offences = [...tables].flatMap(([table, body]) =>
    [...body.matchAll(/^\s*(\w+)\s+(?:bigint|integer|numeric)\b/gm)]
      .map(([, column]) => column ?? '')
      .filter((column) => amount.test(column) && !column.endsWith('_minor'))
      .map((column) => `${table}.${column} should end in _minor`),
  );
  expect(tables.size).toBeGreaterThan(10);
  expect(offences).toEqual([]);
});
