/**
 * What a schema cannot say of spending controls. A mistake is refused rather than kept: a list with a mistyped name
 * would block nothing, or allow nothing, and nobody would see it before a purchase does.
 */
import type { ControlOwner } from './card-profile.ts';
import type { Controls, VelocityLimit } from './controls.ts';
import { COUNTRIES } from './countries.ts';
import { MERCHANT_CATEGORIES } from './merchant-categories.ts';
import { parseCurrency } from './money.ts';

/** Controls of the right shape, whose currencies and amounts nobody has checked yet. */
export interface WantedControls extends Omit<Controls, 'limits'> {
  readonly limits?: readonly WantedLimit[];
}

interface WantedLimit extends Omit<VelocityLimit, 'amountMinor' | 'currency'> {
  readonly amountMinor?: number;
  readonly currency?: string;
}

export interface ControlsProblem {
  /** The field, as in `limits.0.categories.2`. */
  readonly path: string;
  readonly message: string;
}

const PAIRS = [
  ['allowedCategories', 'blockedCategories'],
  ['allowedCountries', 'blockedCountries'],
  ['allowedPresences', 'blockedPresences'],
  ['allowedMerchants', 'blockedMerchants'],
] as const;

export type CheckedControls =
  | { readonly kind: 'controls'; readonly controls: Controls }
  /** Everything that is wrong, in the order of the fields. */
  | { readonly kind: 'problems'; readonly problems: readonly ControlsProblem[] };

export function checkControls(wanted: WantedControls, owner: ControlOwner): CheckedControls {
  const problems = problemsOf(wanted, owner);
  if (problems.length > 0) return { kind: 'problems', problems };
  return { kind: 'controls', controls: wanted as Controls };
}

const problemsOf = (controls: WantedControls, owner: ControlOwner): readonly ControlsProblem[] => [
  ...PAIRS.flatMap(([allowed, blocked]) => [
    ...listProblems(allowed, controls[allowed]),
    ...listProblems(blocked, controls[blocked]),
    ...pairProblems(allowed, blocked, controls),
  ]),
  ...(controls.limits ?? []).flatMap((limit, index) => limitProblems(limit, index, owner)),
  ...sameLimits(controls.limits ?? []),
  ...verificationProblems(controls),
];

function pairProblems(
  allowed: keyof WantedControls,
  blocked: keyof WantedControls,
  controls: WantedControls,
): readonly ControlsProblem[] {
  if (controls[allowed] === undefined || controls[blocked] === undefined) return [];
  return [{ path: blocked, message: `cannot stand beside ${allowed}: give one of the two` }];
}

/** Each entry is known where there is a list of what can be known, and is there once. */
function listProblems(path: string, list: readonly string[] = []): readonly ControlsProblem[] {
  const seen = new Set<string>();
  return list.flatMap((entry, index) => {
    const repeated = seen.has(entry);
    seen.add(entry);
    const message = repeated ? `names ${entry} a second time` : unknownEntry(path, entry);
    return message === null ? [] : [{ path: `${path}.${index}`, message }];
  });
}

function unknownEntry(path: string, entry: string): string | null {
  if (/categories$/i.test(path) && !MERCHANT_CATEGORIES.has(entry)) {
    return `${entry} is no merchant category of Stripe's`;
  }
  if (path.endsWith('Countries') && !COUNTRIES.has(entry)) {
    return `${entry} is no country of ISO 3166-1`;
  }
  return null;
}

function limitProblems(
  limit: WantedLimit,
  index: number,
  owner: ControlOwner,
): readonly ControlsProblem[] {
  const path = `limits.${index}`;
  const { interval, amountMinor, count } = limit;
  const problems = [...listProblems(`${path}.categories`, limit.categories)];
  if (amountMinor === undefined && count === undefined) {
    problems.push({ path, message: 'needs amountMinor, count or both' });
  }
  if (interval === 'per_authorization' && count !== undefined) {
    problems.push({ path: `${path}.count`, message: 'counts nothing within one authorization' });
  }
  const message = currencyProblem(limit, owner);
  if (message !== null) problems.push({ path: `${path}.currency`, message });
  return problems;
}

function currencyProblem(
  { currency, amountMinor }: WantedLimit,
  owner: ControlOwner,
): string | null {
  if (owner !== 'tenant') {
    return currency === undefined ? null : `must be absent: the ${owner} has a currency of its own`;
  }
  if (currency === undefined) {
    return amountMinor === undefined ? null : "is needed for an amount of a tenant's limit";
  }
  return parseCurrency(currency) === undefined ? 'is not a known currency' : null;
}

/** The same limit twice is one that was meant to be another. */
function sameLimits(limits: readonly WantedLimit[]): readonly ControlsProblem[] {
  const first = new Map<string, number>();
  return limits.flatMap((limit, index) => {
    const { interval, amountMinor, count, currency, categories = [] } = limit;
    const text = JSON.stringify([interval, amountMinor, count, currency, categories.toSorted()]);
    const earlier = first.get(text);
    if (earlier === undefined) {
      first.set(text, index);
      return [];
    }
    return [{ path: `limits.${index}`, message: `is the same as limits.${earlier}` }];
  });
}

function verificationProblems({ verification = {} }: WantedControls): readonly ControlsProblem[] {
  return Object.entries(verification).flatMap(([presence, rules]) =>
    listProblems(`verification.${presence}.declinedThreeDSecure`, rules.declinedThreeDSecure),
  );
}
