/**
 * Pumps that are paid at: they ask for a status check of 1.00, before anybody knows what will be filled in, and the
 * true amount comes later. Pure. Amounts in minor units of the card's currency.
 */
import { type AuthorizationRow, limitContribution, type PendingRequest } from './authorization.ts';
import { convert } from './exchange.ts';

const FUEL_PUMP_CODE = '5542';
/** What a pump asks for: 1.00 USD. */
const STATUS_CHECK_USD_CENTS = 100;
/** What Stripe holds for a pump by default, 100.00 USD; nobody can grant one more, because no pump gives out more. */
const PUMP_HOLD_USD_CENTS = 10_000;

/** What an approved status check holds when no endpoint has said how much. */
export const FUEL_PUMP_HOLDS = ['default_hold', 'requested'] as const;
export type FuelPumpHold = (typeof FUEL_PUMP_HOLDS)[number];

const isFuelPump = (row: AuthorizationRow): boolean =>
  row.merchant_data.category_code === FUEL_PUMP_CODE;

const fromUsd = (amount: number, to: string): number => convert(amount, { from: 'usd', to });

/** The most that an endpoint can grant in the place of what is asked for. */
export function grantMax(row: AuthorizationRow, { amount, currency }: PendingRequest): number {
  if (!isFuelPump(row)) return amount;
  return Math.max(amount, fromUsd(PUMP_HOLD_USD_CENTS, currency) - limitContribution(row));
}

/** What a first request leads to when it is approved and nobody names an amount. */
export function unaskedHold(
  row: AuthorizationRow,
  { amount, currency }: Pick<PendingRequest, 'amount' | 'currency'>,
  mode: FuelPumpHold,
): number {
  const isStatusCheck = amount > 0 && amount <= fromUsd(STATUS_CHECK_USD_CENTS, currency);
  if (mode === 'requested' || !isStatusCheck || !isFuelPump(row)) return amount;
  return fromUsd(PUMP_HOLD_USD_CENTS, currency);
}
