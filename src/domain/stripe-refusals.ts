/**
 * What to do when Stripe says no: try again, wait for Stripe or the holder, ask a person for a correction, or give up.
 * Only what nobody can change any more is given up: a card that waits with an attention item can still be cancelled.
 */

/** What Stripe tells of a refusal that goes into our records: never a value, which may be personal. */
export interface StripeRefusal {
  readonly code: string;
  /** Stripe's name of the parameter, as in `individual[first_name]`; null when it names none. */
  readonly param: string | null;
}

export interface Verdict {
  readonly kind: 'retry' | 'wait' | 'ask' | 'give_up';
  /** For the fact, the attention item and the timeline. */
  readonly reason: string;
}

/** Two calls met at Stripe, or too many came at once: the same request is taken a moment later. */
const PASSING: ReadonlySet<string> = new Set([
  'lock_timeout',
  'rate_limit',
  'idempotency_key_in_use',
]);

/** Of these a person has to find out why, and lift them at Stripe. */
const SET_BY_SOMEBODY: ReadonlySet<string> = new Set(['cardholder_blocked', 'cardholder_inactive']);

/**
 * What stands against a holder: Stripe's `disabled_reason`, or `cardholder_blocked` and `cardholder_inactive`.
 * `under_review`, `listed` and `requirements.past_due` end when Stripe or the holder has done something; so, as far as
 * we know, does a reason that is new to us.
 */
export function holderVerdict(problem: string): Verdict {
  if (problem.startsWith('rejected.')) return { kind: 'give_up', reason: problem };
  return { kind: SET_BY_SOMEBODY.has(problem) ? 'ask' : 'wait', reason: problem };
}

/** What stands against a request. */
export function refusalVerdict({ code, param }: StripeRefusal): Verdict {
  if (PASSING.has(code)) return { kind: 'retry', reason: code };
  // A parameter that names what cannot be: the caller gave it, and can correct it.
  if (param !== null) return { kind: 'ask', reason: `invalid:${fieldOfParam(param)}` };
  return { kind: 'ask', reason: code };
}

/** Where our field is called or placed otherwise than Stripe's parameter. */
const OUR_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^(billing|shipping)\.address\b/, '$1'],
  [/^individual\.cardIssuing\./, 'individual.'],
  [/^individual\.verification\.document/, 'individual.identityDocument'],
  [/^shipping\.customs\./, 'shipping.'],
  [/^shipping\.addressValidation\..*/, 'shipping.addressValidation'],
  [/^lifecycleControls\b.*/, 'cancelAfterPayments'],
  [/^spendingControls\b.*/, 'controls'],
];
/** A name of a parameter is far shorter. */
const PARAM_LENGTH_MAX = 100;

/** Our field for a parameter of Stripe's: `individual[first_name]` is `individual.firstName`. */
export function fieldOfParam(param: string): string {
  if (param.length > PARAM_LENGTH_MAX || !/^\w+(\[\w*\])*$/.test(param)) return 'unknown';
  const path = param
    .replaceAll(/\[(\w*)\]/g, '.$1')
    .replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return OUR_NAMES.reduce((name, [theirs, ours]) => name.replace(theirs, ours), path);
}
