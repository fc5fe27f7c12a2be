/**
 * The reports that can be run. Ids and columns of the balance and payout families are Stripe's; of their columns the
 * ones about charges, customers and payouts are always empty, because none exist here. No report about Issuing was
 * found among the published ones, so those whose ids begin with `sim.` are this simulator's own.
 */
import {
  activityLines,
  activitySummaryLines,
  balanceSummaryLines,
  issuingAuthorizationLines,
  issuingTransactionLines,
  type Lines,
} from './report-lines.ts';

/** Every report needs an interval and can have its columns chosen; these are what only some take. */
type ReportOption = 'currency' | 'reporting_category' | 'timezone';

export interface ReportType {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly defaultColumns: readonly string[];
  readonly moreColumns: readonly string[];
  readonly options: readonly ReportOption[];
  readonly lines: Lines;
}

const ACTIVITY_COLUMNS = [
  'balance_transaction_id',
  'created',
  'available_on',
  'currency',
  'gross',
  'fee',
  'net',
  'reporting_category',
  'description',
] as const;

const MORE_ACTIVITY_COLUMNS = [
  'created_utc',
  'available_on_utc',
  'source_id',
  'customer_facing_amount',
  'customer_facing_currency',
  'regulatory_tag',
  'automatic_payout_id',
  'automatic_payout_effective_at_utc',
  'automatic_payout_effective_at',
  'customer_id',
  'customer_email',
  'customer_name',
  'customer_description',
  'charge_id',
  'payment_intent_id',
  'charge_created_utc',
  'charge_created',
  'invoice_id',
  'invoice_number',
  'subscription_id',
  'payment_method_type',
  'is_link',
  'card_brand',
  'card_funding',
  'card_country',
  'statement_descriptor',
  'dispute_reason',
  'connected_account',
] as const;

const MERCHANT_COLUMNS = [
  'merchant_name',
  'merchant_category',
  'merchant_category_code',
  'merchant_city',
  'merchant_country',
] as const;

const PAYOUT_COLUMNS = ['automatic_payout_id', 'automatic_payout_effective_at'] as const;

export const REPORT_TYPES: readonly ReportType[] = [
  {
    id: 'balance.summary.1',
    name: 'Balance summary',
    version: 1,
    defaultColumns: ['category', 'description', 'net_amount', 'currency'],
    moreColumns: [],
    options: ['currency', 'timezone'],
    lines: balanceSummaryLines,
  },
  {
    id: 'balance_change_from_activity.itemized.3',
    name: 'Itemized balance change from activity',
    version: 3,
    defaultColumns: ACTIVITY_COLUMNS,
    moreColumns: MORE_ACTIVITY_COLUMNS,
    options: ['currency', 'reporting_category', 'timezone'],
    lines: activityLines,
  },
  {
    id: 'balance_change_from_activity.summary.1',
    name: 'Balance change from activity summary',
    version: 1,
    defaultColumns: ['reporting_category', 'currency', 'count', 'gross', 'fee', 'net'],
    moreColumns: [],
    options: ['currency', 'timezone'],
    lines: activitySummaryLines,
  },
  {
    id: 'payout_reconciliation.itemized.5',
    name: 'Itemized payout reconciliation',
    version: 5,
    defaultColumns: [...PAYOUT_COLUMNS, ...ACTIVITY_COLUMNS],
    moreColumns: MORE_ACTIVITY_COLUMNS.filter(
      (column) => !PAYOUT_COLUMNS.some((c) => c === column),
    ),
    options: ['currency', 'reporting_category', 'timezone'],
    // There are no payouts to reconcile.
    lines: () => [],
  },
  {
    id: 'sim.issuing_authorizations.itemized.1',
    name: 'Itemized Issuing authorizations (of the simulator)',
    version: 1,
    defaultColumns: [
      'authorization_id',
      'created_utc',
      'created',
      'status',
      'approved',
      'reason',
      'card_id',
      'card_last4',
      'cardholder_id',
      'cardholder_name',
      'currency',
      'amount',
      'held',
      'captured',
      ...MERCHANT_COLUMNS,
    ],
    moreColumns: [],
    options: ['currency', 'timezone'],
    lines: issuingAuthorizationLines,
  },
  {
    id: 'sim.issuing_transactions.itemized.1',
    name: 'Itemized Issuing transactions (of the simulator)',
    version: 1,
    defaultColumns: [
      'transaction_id',
      'created_utc',
      'created',
      'type',
      'card_id',
      'card_last4',
      'cardholder_id',
      'cardholder_name',
      'authorization_id',
      'currency',
      'amount',
      'merchant_currency',
      'merchant_amount',
      ...MERCHANT_COLUMNS,
      'network_transaction_id',
      'processing_date',
      'balance_transaction_id',
    ],
    moreColumns: [],
    options: ['currency', 'timezone'],
    lines: issuingTransactionLines,
  },
];

export const findReportType = (id: string): ReportType | undefined =>
  REPORT_TYPES.find((type) => type.id === id);
