import type { BalanceTransactionType } from './issuing-balance.ts';

/** How Stripe groups balance transactions in reports. Only the ones of Issuing and top-ups ever occur here. */
export const REPORTING_CATEGORIES = [
  'advance',
  'advance_funding',
  'anticipation_repayment',
  'charge',
  'charge_failure',
  'climate_order_purchase',
  'climate_order_refund',
  'connect_collection_transfer',
  'connect_reserved_funds',
  'contribution',
  'dispute',
  'dispute_reversal',
  'fee',
  'financing_paydown',
  'financing_paydown_reversal',
  'financing_payout',
  'financing_payout_reversal',
  'issuing_authorization_hold',
  'issuing_authorization_release',
  'issuing_dispute',
  'issuing_transaction',
  'network_cost',
  'other_adjustment',
  'partial_capture_reversal',
  'payout',
  'payout_reversal',
  'platform_earning',
  'platform_earning_refund',
  'refund',
  'refund_failure',
  'risk_reserved_funds',
  'tax',
  'topup',
  'topup_reversal',
  'transfer',
  'transfer_reversal',
  'unreconciled_customer_funds',
] as const;

/** Credits of disputes have no category of their own among those that reports can be asked for. */
export const reportingCategory = (type: BalanceTransactionType): string =>
  type.startsWith('issuing_dispute') ? 'issuing_dispute' : type;
