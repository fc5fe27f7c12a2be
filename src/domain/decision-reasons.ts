/** Every reason a decision can have. docs/authorizer.md lists them with their texts; a test holds both together. */

/** In the order of the checks. */
export const DECLINE_REASONS = [
  'REQUEST_UNREADABLE',
  'UNKNOWN_CARD',
  'WRONG_CURRENCY',
  'CARD_CANCELED',
  'CARD_NOT_ACTIVE',
  'CARD_FROZEN',
  'ACCOUNT_CLOSED',
  'ACCOUNT_FROZEN',
  'CARDHOLDER_BLOCKED',
  'CATEGORY_NOT_ALLOWED',
  'COUNTRY_NOT_ALLOWED',
  'PRESENCE_NOT_ALLOWED',
  'MERCHANT_NOT_ALLOWED',
  'CVC_NOT_VERIFIED',
  'EXPIRY_NOT_VERIFIED',
  'ADDRESS_NOT_VERIFIED',
  'CARDHOLDER_NOT_AUTHENTICATED',
  'PER_AUTHORIZATION_LIMIT_EXCEEDED',
  'DAILY_LIMIT_EXCEEDED',
  'WEEKLY_LIMIT_EXCEEDED',
  'MONTHLY_LIMIT_EXCEEDED',
  'YEARLY_LIMIT_EXCEEDED',
  'ALL_TIME_LIMIT_EXCEEDED',
  'INSUFFICIENT_FUNDS',
] as const;
/** Answers that Postgres had no part in, or could not give in time. */
export const FALLBACK_REASONS = [
  'NO_ANSWER_IN_TIME',
  'OVERLOADED',
  'DATABASE_UNAVAILABLE',
  'UNKNOWN_TENANT',
  'INTERNAL_ERROR',
] as const;
export const APPROVE_REASONS = ['APPROVED', 'APPROVED_PARTLY', 'ACCOUNT_CHECK'] as const;

export type DeclineReason = (typeof DECLINE_REASONS)[number];
export type FallbackReason = (typeof FALLBACK_REASONS)[number];
export type ApproveReason = (typeof APPROVE_REASONS)[number];
export type DecisionReason = DeclineReason | FallbackReason | ApproveReason;
