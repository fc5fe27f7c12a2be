/** What stands in a report: the account's books and purchases as texts, one record a line. Pure. */
import { type AuthorizationRow, isOpen } from './authorization.ts';
import { toMajorUnits } from './exchange.ts';
import type { BalanceTransactionRow, OpeningSum } from './issuing-balance.ts';
import type { MerchantData } from './purchase.ts';
import type { ReportParameters } from './report-run.ts';
import { reportingCategory } from './reporting-category.ts';
import type { TransactionRow } from './transaction.ts';

export interface ReportSource {
  readonly balanceTransactions: readonly BalanceTransactionRow[];
  /** What balance transactions before these came to, by currency. */
  readonly opening: readonly OpeningSum[];
  readonly transactions: readonly TransactionRow[];
  readonly authorizations: readonly AuthorizationRow[];
  readonly cardholderName: (id: string) => string;
  readonly last4: (card: string) => string;
}

type Line = Readonly<Record<string, string>>;
export type Lines = (source: ReportSource, parameters: ReportParameters) => readonly Line[];

const UTC = 'Etc/UTC';

/** A moment (Unix seconds) as `2026-01-31 23:59:59` in a time zone. */
function momentFormat(timezone: string): (moment: number) => string {
  // Sweden writes dates just so.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (moment) => format.format(moment * 1000);
}

const isIn = ({ created }: { readonly created: number }, parameters: ReportParameters): boolean =>
  created >= parameters.interval_start && created < parameters.interval_end;

/** The rows of the interval, in the wanted currency only. */
const wanted = <R extends { readonly created: number; readonly currency: string }>(
  rows: readonly R[],
  parameters: ReportParameters,
): readonly R[] => ofCurrency(rows, parameters).filter((row) => isIn(row, parameters));

const ofCurrency = <R extends { readonly currency: string }>(
  rows: readonly R[],
  { currency }: ReportParameters,
): readonly R[] =>
  currency === undefined ? rows : rows.filter((row) => row.currency === currency);

const ofCategory = (
  rows: readonly BalanceTransactionRow[],
  { reporting_category: category }: ReportParameters,
): readonly BalanceTransactionRow[] =>
  category === undefined ? rows : rows.filter(({ type }) => reportingCategory(type) === category);

export const activityLines: Lines = (source, parameters) => {
  const utc = momentFormat(UTC);
  const local = momentFormat(parameters.timezone ?? UTC);
  return ofCategory(wanted(source.balanceTransactions, parameters), parameters).map((row) => {
    const amount = toMajorUnits(row.amount, row.currency);
    return {
      balance_transaction_id: row.id,
      created_utc: utc(row.created),
      created: local(row.created),
      available_on_utc: utc(row.created),
      available_on: local(row.created),
      currency: row.currency,
      gross: amount,
      fee: toMajorUnits(0, row.currency),
      net: amount,
      reporting_category: reportingCategory(row.type),
      source_id: row.source ?? '',
      description: row.description ?? '',
    };
  });
};

const sum = (rows: readonly Pick<BalanceTransactionRow, 'amount'>[]): number =>
  rows.reduce((total, { amount }) => total + amount, 0);

export const activitySummaryLines: Lines = (source, parameters) => {
  const rows = wanted(source.balanceTransactions, parameters);
  const keyOf = ({ type, currency }: BalanceTransactionRow): string =>
    `${reportingCategory(type)} ${currency}`;
  return [...new Set(rows.map(keyOf))].toSorted().map((key) => {
    const group = rows.filter((row) => keyOf(row) === key);
    const [category = '', currency = ''] = key.split(' ');
    const amount = toMajorUnits(sum(group), currency);
    return {
      reporting_category: category,
      currency,
      count: String(group.length),
      gross: amount,
      fee: toMajorUnits(0, currency),
      net: amount,
    };
  });
};

/** There are no payouts here: money leaves an Issuing balance as a withdrawal, which is activity. */
export const balanceSummaryLines: Lines = (source, parameters) => {
  const { interval_start: start, interval_end: end } = parameters;
  const until = ofCurrency(source.balanceTransactions, parameters).filter(
    ({ created }) => created < end,
  );
  const local = momentFormat(parameters.timezone ?? UTC);
  const opening = ofCurrency(source.opening, parameters);
  const currencies = [
    ...new Set([...opening, ...until].map(({ currency }) => currency)),
  ].toSorted();
  return currencies.flatMap((currency) => {
    const rows = until.filter((row) => row.currency === currency);
    const carried = sum(opening.filter((row) => row.currency === currency));
    const before = carried + sum(rows.filter(({ created }) => created < start));
    const after = carried + sum(rows);
    const line = (category: string, description: string, amount: number): Line => ({
      category,
      description,
      net_amount: toMajorUnits(amount, currency),
      currency,
    });
    return [
      line('starting_balance', `Starting balance (${local(start)})`, before),
      line('activity', 'Balance change from activity', after - before),
      line('payouts', 'Payouts', 0),
      line('ending_balance', `Ending balance (${local(end)})`, after),
    ];
  });
};

const merchantFields = (merchant: MerchantData): Line => ({
  merchant_name: merchant.name ?? '',
  merchant_category: merchant.category,
  merchant_category_code: merchant.category_code,
  merchant_city: merchant.city ?? '',
  merchant_country: merchant.country ?? '',
});

export const issuingTransactionLines: Lines = (source, parameters) => {
  const utc = momentFormat(UTC);
  const local = momentFormat(parameters.timezone ?? UTC);
  return wanted(source.transactions, parameters).map((row) => ({
    transaction_id: row.id,
    created_utc: utc(row.created),
    created: local(row.created),
    type: row.type,
    card_id: row.card,
    card_last4: source.last4(row.card),
    cardholder_id: row.cardholder,
    cardholder_name: source.cardholderName(row.cardholder),
    authorization_id: row.authorization ?? '',
    currency: row.currency,
    amount: toMajorUnits(row.amount, row.currency),
    merchant_currency: row.merchant_currency,
    merchant_amount: toMajorUnits(row.merchant_amount, row.merchant_currency),
    ...merchantFields(row.merchant_data),
    network_transaction_id: row.network_data.transaction_id ?? '',
    processing_date: row.network_data.processing_date ?? '',
    balance_transaction_id: row.balance_transaction ?? '',
  }));
};

export const issuingAuthorizationLines: Lines = (source, parameters) => {
  const utc = momentFormat(UTC);
  const local = momentFormat(parameters.timezone ?? UTC);
  return wanted(source.authorizations, parameters).map((row) => ({
    authorization_id: row.id,
    created_utc: utc(row.created),
    created: local(row.created),
    status: row.status,
    approved: String(row.approved),
    reason: row.request_history.at(-1)?.reason ?? '',
    card_id: row.card,
    card_last4: source.last4(row.card),
    cardholder_id: row.cardholder,
    cardholder_name: source.cardholderName(row.cardholder),
    currency: row.currency,
    amount: toMajorUnits(row.amount, row.currency),
    held: toMajorUnits(isOpen(row) ? row.sim.remaining : 0, row.currency),
    captured: toMajorUnits(row.sim.captured, row.currency),
    ...merchantFields(row.merchant_data),
  }));
};
