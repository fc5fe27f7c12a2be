/** The versions of the API: which texts name one, and how objects look to callers of older ones. */
import { previousAttributes } from '../world/difference.ts';
import { invalidRequest } from './failure.ts';

/** A date, since 2024 with a name, and perhaps with previews behind it. A client may be newer than the simulator. */
const VERSION = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(\.[a-z]+)?(; ?\w+=v\d+)*$/;
const VERSION_LENGTH_MAX = 200;

export const isApiVersion = (text: string): boolean =>
  text.length <= VERSION_LENGTH_MAX && VERSION.test(text);

/** Checks a version. Throws a 400. */
export function readApiVersion(text: string): string {
  if (isApiVersion(text)) return text;
  throw invalidRequest(`Invalid Stripe API version: ${text.slice(0, VERSION_LENGTH_MAX)}`);
}

/** Whether a version came out before another one; names do not count. */
export const isOlder = (version: string, since: string): boolean =>
  version.slice(0, since.length) < since;

type Plain = Readonly<Record<string, unknown>>;

interface Change {
  /** The date of the first version that shows objects in the new way. */
  readonly since: string;
  /** The value of `object` of the objects that look different. */
  readonly object: string;
  readonly downgrade: (shown: Plain) => Plain;
}

/**
 * What Stripe's changelog names, newest first. Its words on which older value stands for a new one are few: the
 * status of an expired authorization is documented; every replaced reason is our guess, the nearest older one.
 */
const CHANGES: readonly Change[] = [
  {
    since: '2026-07-29',
    object: 'issuing.authorization',
    downgrade: replaceReasons(() => ({ stripe_internal_error: 'not_allowed' })),
  },
  {
    since: '2025-03-31',
    object: 'issuing.authorization',
    downgrade: (shown) =>
      shown['status'] === 'expired' ? { ...shown, status: 'reversed' } : shown,
  },
  {
    since: '2025-03-31',
    object: 'issuing.authorization',
    downgrade: replaceReasons((approved) => ({
      network_fallback: approved ? 'card_active' : 'webhook_timeout',
    })),
  },
  {
    since: '2024-09-30',
    object: 'issuing.card',
    downgrade(shown) {
      const { shipping } = shown;
      return isPlain(shipping) && shipping['status'] === 'submitted'
        ? { ...shown, shipping: { ...shipping, status: 'pending' } }
        : shown;
    },
  },
  {
    since: '2024-06-20',
    object: 'issuing.authorization',
    downgrade: replaceReasons(() => ({
      card_canceled: 'card_inactive',
      card_expired: 'card_inactive',
      cardholder_blocked: 'cardholder_inactive',
      insecure_authorization_method: 'verification_failed',
      pin_blocked: 'verification_failed',
    })),
  },
];

const NEWEST_CHANGE = CHANGES[0]?.since ?? '';

function replaceReasons(
  older: (approved: boolean) => Readonly<Record<string, string>>,
): Change['downgrade'] {
  const replace = (entry: unknown): unknown => {
    if (!isPlain(entry)) return entry;
    const reason = String(entry['reason']);
    const replaced = new Map(Object.entries(older(entry['approved'] === true))).get(reason);
    return replaced === undefined ? entry : { ...entry, reason: replaced };
  };
  return (shown) => {
    const history = shown['request_history'];
    return Array.isArray(history) ? { ...shown, request_history: history.map(replace) } : shown;
  };
}

/** An answer as callers of this version see it; the same object when nothing has changed since. */
export function renderFor(version: string, answer: object): object {
  if (!isOlder(version, NEWEST_CHANGE)) return answer;
  const shown = downgrade(answer, changesAfter(version));
  return typeof shown === 'object' && shown !== null ? shown : answer;
}

/** The `data` of an event for an endpoint of this version. */
export function renderEventData(
  version: string,
  data: { readonly object: object; readonly previous: object | undefined },
): { readonly object: object; readonly previous_attributes?: object } {
  const { object, previous } = data;
  if (!isOlder(version, NEWEST_CHANGE)) {
    return previous === undefined ? { object } : { object, previous_attributes: previous };
  }
  const after = renderFor(version, object);
  if (previous === undefined) return { object: after };
  // The difference is taken between the older looks, because what differs may look the same there.
  const before = renderFor(version, overlay(object, previous));
  const difference = previousAttributes(before, after);
  return {
    object: after,
    ...(difference === undefined ? {} : { previous_attributes: difference }),
  };
}

const changesAfter = (version: string): readonly Change[] =>
  CHANGES.filter(({ since }) => isOlder(version, since));

function downgrade(value: unknown, changes: readonly Change[]): unknown {
  if (Array.isArray(value)) return value.map((entry) => downgrade(entry, changes));
  // An event keeps the version it was made in, whoever asks for it.
  if (!isPlain(value) || value['object'] === 'event') return value;
  let shown: Plain = Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, downgrade(entry, changes)]),
  );
  for (const change of changes) {
    if (shown['object'] === change.object) shown = change.downgrade(shown);
  }
  return shown;
}

function overlay(base: object, top: object): object {
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(top)) {
    const below = merged.get(key);
    merged.set(key, isPlain(value) && isPlain(below) ? overlay(below, value) : value);
  }
  return Object.fromEntries(merged);
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
