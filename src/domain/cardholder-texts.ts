/**
 * What an app may show the cardholder about each answer: one polite sentence with a way on. It never says which check
 * failed, because the person who reads it may have found the card.
 */
import type { DecisionReason } from './decision-reasons.ts';

const DETAILS = 'Your details could not be confirmed; please check them and try again.';
const NOT_USABLE = 'Your card cannot be used at the moment; please contact us.';
const AGAIN = 'The payment could not be processed; please try again in a moment.';

export const CARDHOLDER_TEXTS: Readonly<Record<DecisionReason, string>> = {
  APPROVED: 'Your payment was approved.',
  APPROVED_PARTLY: 'A part of the amount was approved; please pay the rest in another way.',
  ACCOUNT_CHECK: 'A shop has checked your card; nothing was charged.',
  REQUEST_UNREADABLE: AGAIN,
  UNKNOWN_CARD: NOT_USABLE,
  WRONG_CURRENCY: 'Your card cannot pay in this currency; please use another card.',
  CARD_CANCELED: 'This card has been cancelled; please use another card.',
  CARD_NOT_ACTIVE: 'This card is not active; please use another card, or contact us.',
  CARD_FROZEN: 'This card is frozen; please unfreeze it, or contact us.',
  ACCOUNT_CLOSED: 'The account of this card is closed; please use another card.',
  ACCOUNT_FROZEN: NOT_USABLE,
  CARDHOLDER_BLOCKED: NOT_USABLE,
  CATEGORY_NOT_ALLOWED:
    'Your card is not set up for this kind of shop; please use another card, or contact us.',
  COUNTRY_NOT_ALLOWED:
    'Your card is not set up for payments in this country; please use another card, or contact us.',
  PRESENCE_NOT_ALLOWED:
    'Your card is not set up for this way of paying; please try another way, or contact us.',
  MERCHANT_NOT_ALLOWED:
    'Your card is not set up for this shop; please use another card, or contact us.',
  CVC_NOT_VERIFIED: DETAILS,
  EXPIRY_NOT_VERIFIED: DETAILS,
  ADDRESS_NOT_VERIFIED: DETAILS,
  CARDHOLDER_NOT_AUTHENTICATED:
    'The payment could not be confirmed as yours; please try again, and confirm it when you are asked.',
  PER_AUTHORIZATION_LIMIT_EXCEEDED:
    'This is more than your card may spend at once; please pay less, or ask for a higher limit.',
  DAILY_LIMIT_EXCEEDED:
    'This is more than your card may spend in a day; please try tomorrow, or ask for a higher limit.',
  WEEKLY_LIMIT_EXCEEDED:
    'This is more than your card may spend in a week; please try next week, or ask for a higher limit.',
  MONTHLY_LIMIT_EXCEEDED:
    'This is more than your card may spend in a month; please try next month, or ask for a higher limit.',
  YEARLY_LIMIT_EXCEEDED:
    'This is more than your card may spend in a year; please ask for a higher limit.',
  ALL_TIME_LIMIT_EXCEEDED:
    'This is more than your card may spend in all; please ask for a higher limit.',
  INSUFFICIENT_FUNDS: 'There is not enough money for this payment; please add some, or pay less.',
  NO_ANSWER_IN_TIME: AGAIN,
  OVERLOADED: AGAIN,
  DATABASE_UNAVAILABLE: AGAIN,
  UNKNOWN_TENANT: NOT_USABLE,
  INTERNAL_ERROR: AGAIN,
};

/** A reason of another version, met while versions change, is told as a failure in passing. */
export const cardholderText = (reason: string): string =>
  Object.hasOwn(CARDHOLDER_TEXTS, reason) ? CARDHOLDER_TEXTS[reason as DecisionReason] : AGAIN;
