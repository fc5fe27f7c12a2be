/**
 * One line for people for each entry of a card's timeline. Kinds that nobody has written a line for are shown by
 * their names, so that an entry of another version of this program can be read too.
 */
import { formatMoney, type MinorUnits, parseCurrency } from './money.ts';

type Body = Readonly<Record<string, unknown>>;

const worded = (name: string): string => name.replaceAll('_', ' ');
const capitalised = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
const textIn = (body: Body, field: string): string => {
  const value = body[field];
  return typeof value === 'string' ? value : '';
};

/** `: reason`, or nothing where there is none. */
const after = (text: string, separator = ': '): string => (text === '' ? '' : separator + text);

type Line = (body: Body) => string;

/** What a person is offered to do about it, such as to replace the card as stolen. */
const offered = (body: Body): string => {
  const offer = worded(textIn(body, 'offer'));
  return offer === '' ? '' : `. Offered: ${offer}${after(textIn(body, 'reason'), ' as ')}`;
};

const LINES: Readonly<Record<string, Line>> = {
  card_requested: () => 'Card requested',
  phase_changed: (body) =>
    `Moved from ${worded(textIn(body, 'from'))} to ${worded(textIn(body, 'to'))}: ${cause(body)}`,
  usage_changed: (body) => `Now ${worded(textIn(body, 'to'))}, before ${textIn(body, 'from')}`,
  shipping_changed: (body) => `Parcel ${worded(textIn(body, 'status'))}`,
  status_repaired: (body) =>
    `Stripe shows it ${textIn(body, 'to')}, which no event had told; here it was ${textIn(body, 'from')}`,
  verification_started: () => 'The cardholder was asked to identify',
  identity_failed: (body) => `The identity check failed${after(worded(textIn(body, 'code')))}`,
  identity_canceled: () => 'The identity check was cancelled',
  kyc_retry_requested: () => 'Another try at the identity check',
  kyc_reminder_due: () => 'A reminder to identify is due',
  issuance_blocked: (body) =>
    `Stripe does not make the card yet${after(worded(textIn(body, 'reason')))}`,
  previous_card_canceled: () => 'The card of the lost parcel is cancelled',
  shipping_corrected: () => 'The address was corrected',
  delivery_overdue: () => 'The parcel is late',
  activation_refused: (body) =>
    `Stripe refused to activate the card${after(worded(textIn(body, 'code')))}`,
  freeze_mirrored: (body) =>
    body['frozen'] === true ? 'Stripe shows the freeze' : 'Stripe shows that the freeze is lifted',
  canceled_at_stripe: () => 'Cancelled at Stripe',
  money_seen: (body) => `Money came late${after(worded(textIn(body, 'cause')))}`,
  fraud_warned: (body) =>
    `Stripe warns of fraud${after(worded(textIn(body, 'type')))}${offered(body)}`,
  token_changed: (body) =>
    `Token of ${worded(textIn(body, 'wallet')) || 'a merchant'}: ${worded(textIn(body, 'status'))}`,
  frozen: (body) => `Frozen by the ${textIn(body, 'by')}${after(textIn(body, 'reason'))}`,
  unfrozen: (body) => `The freeze of the ${textIn(body, 'by')} was lifted`,
  cancel_requested: (body) => `Cancellation requested${after(canceling(textIn(body, 'reason')))}`,
  controls_changed: () => 'Spending controls changed',
  command_decide_kyc: (body) =>
    `A person ${body['approved'] === true ? 'approved' : 'rejected'} the cardholder${after(textIn(body, 'reason'))}`,
};

/** What moved a card from one phase to another, by the kind of the fact. */
const CAUSES: Readonly<Record<string, Line>> = {
  identity_verified: () => 'the cardholder is verified',
  identity_failed: () => 'no attempts are left',
  kyc_decided: (body) => `a person ${body['approved'] === true ? 'approved' : 'rejected'}`,
  kyc_deadline_passed: () => 'the deadline has passed',
  cancel_requested: (body) => `cancelled${after(canceling(textIn(body, 'reason')), ', ')}`,
  card_created: () => 'Stripe has made the card',
  issuance_refused: (body) => `Stripe refused it${after(worded(textIn(body, 'code')), ', ')}`,
  card_seen: (body) => {
    const shipping = worded(textIn(body, 'shipping'));
    return `Stripe shows it ${textIn(body, 'status')}${after(shipping, ', the parcel ')}`;
  },
  delivery_confirmed: () => 'the cardholder has it',
  windows_passed: () => 'everything is settled',
  money_seen: (body) => `money came late${after(worded(textIn(body, 'cause')), ', ')}`,
  canceled_at_stripe: () => 'cancelled at Stripe',
  replaced: () => 'its replacement can be spent with',
  expired: () => 'it has expired',
};

const canceling = (reason: string): string => (reason === 'requested' ? '' : reason);

function cause(body: Body): string {
  const name = textIn(body, 'cause');
  const line = Object.hasOwn(CAUSES, name) ? CAUSES[name] : undefined;
  return line === undefined ? worded(name) : line(body);
}

/** When a workflow heard of it, which is no news to a reader who sees the time of the entry. */
const WHEN = 'happenedAt';

export function lifecycleText(kind: string, body: Body): string {
  const line = Object.hasOwn(LINES, kind) ? LINES[kind] : undefined;
  if (line !== undefined) return line(body);
  const told = Object.entries(body).filter(([name, value]) => name !== WHEN && isPlain(value));
  const details = told.map(([name, value]) => `${name} ${String(value)}`).join(', ');
  return `${capitalised(worded(kind))}${after(details)}`;
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

export interface DecisionLine {
  readonly approved: boolean;
  /** Null where the request was unreadable. */
  readonly currency: string | null;
  readonly askedMinor: MinorUnits | null;
  readonly approvedMinor: MinorUnits;
  readonly merchant: string | null;
  /** The sentence of explain.ts. */
  readonly explanation: string;
  /** What left as the answer, where that is recorded. */
  readonly answer: { readonly approved: boolean } | null;
}

/** An approval is told by its amount alone, unless something else was answered; a decline with its reason. */
export function decisionText(line: DecisionLine): string {
  const { approved, askedMinor, approvedMinor, merchant, explanation, answer } = line;
  const at = after(merchant ?? '', ' at ');
  if (!approved) {
    const amount = askedMinor === null ? '' : ` ${money(askedMinor, line.currency)}`;
    return `Declined${amount}${at}. ${explanation}`;
  }
  const of = askedMinor === approvedMinor ? '' : ` of ${money(askedMinor ?? 0, line.currency)}`;
  const isCheck = askedMinor === 0;
  const told = isCheck
    ? `Approved a check of the card${at}`
    : `Approved ${money(approvedMinor, line.currency)}${of}${at}`;
  return answer?.approved === false ? `${told}. ${explanation}` : told;
}

export interface MoneyLine {
  /** Kind of the entry in the ledger. */
  readonly kind: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly merchant: string | null;
  /** Of the clearing record, where the entry books one. */
  readonly flags: readonly string[];
}

export function moneyText(line: MoneyLine): string {
  const { kind, merchant, flags } = line;
  const amount = money(line.amountMinor, line.currency);
  const at = after(merchant ?? '', ' at ');
  switch (kind) {
    case 'hold':
      return `Held ${amount}${at}`;
    case 'release':
      return `Released ${amount} that were held${at}`;
    case 'capture':
      return `${flags.includes('forced_capture') ? 'Captured by force' : 'Captured'} ${amount}${at}`;
    case 'refund':
      return `${flags.includes('unlinked_refund') ? 'Refunded without a purchase' : 'Refunded'} ${amount}${after(merchant ?? '', ' by ')}`;
    case 'suspense_resolution':
      return `Booked ${amount}${at}, which had waited for its card to become known`;
    default:
      return `${capitalised(worded(kind))} of ${amount}${at}`;
  }
}

export interface AttentionLine {
  readonly kind: string;
  readonly details: Body;
  /** Null of the moment at which it was opened. */
  readonly resolution: string | null;
}

export function attentionText({ kind, details, resolution }: AttentionLine): string {
  const what = worded(kind);
  if (resolution !== null) return `No longer needs a person (${what}): ${resolution}`;
  return `Needs a person: ${what}${after(worded(textIn(details, 'detail')), ', ')}${offered(details)}`;
}

function money(value: number, currency: string | null): string {
  const known = currency === null ? undefined : parseCurrency(currency);
  return known === undefined ? `${value} minor units` : formatMoney(value as MinorUnits, known);
}
