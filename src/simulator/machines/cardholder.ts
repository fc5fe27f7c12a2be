/** A cardholder as it is stored, and what its state means for its cards. Pure. */
import type { SpendingControls } from './spending-controls.ts';

export interface Address {
  readonly city: string | null;
  readonly country: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly postal_code: string | null;
  readonly state: string | null;
}

interface DateOfBirth {
  readonly day: number | null;
  readonly month: number | null;
  readonly year: number | null;
}

export interface Individual {
  readonly card_issuing: {
    readonly user_terms_acceptance: {
      readonly date: number | null;
      readonly ip: string | null;
      readonly user_agent: string | null;
    } | null;
  } | null;
  readonly dob: DateOfBirth | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly verification: {
    readonly document: { readonly back: string | null; readonly front: string | null } | null;
  } | null;
}

interface Requirements {
  readonly disabled_reason: string | null;
  readonly past_due: readonly string[] | null;
}

export interface CardholderRow {
  readonly id: string;
  readonly billing: { readonly address: Address };
  readonly company: { readonly tax_id_provided: boolean } | null;
  readonly created: number;
  readonly email: string | null;
  readonly individual: Individual | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly name: string;
  readonly phone_number: string | null;
  readonly preferred_locales: readonly string[] | null;
  readonly requirements: Requirements;
  readonly spending_controls: SpendingControls | null;
  readonly status: 'active' | 'blocked' | 'inactive';
  readonly type: 'company' | 'individual';
}

const BIRTH_YEAR_MIN = 1_900;

/** Which part of a date nobody can be born on is wrong, if any is. `now` is in Unix seconds. */
export function impossiblePart(
  { day, month, year }: { readonly day: number; readonly month: number; readonly year: number },
  now: number,
): 'day' | 'month' | 'year' | undefined {
  if (month < 1 || month > 12) return 'month';
  const date = new Date(Date.UTC(year, month - 1, day));
  if (day < 1 || date.getUTCDate() !== day) return 'day';
  return year < BIRTH_YEAR_MIN || date.getTime() > now * 1000 ? 'year' : undefined;
}

/** Why no card of this cardholder can be activated, as a sentence, or undefined when one can. */
export function activationObstacle(cardholder: CardholderRow): string | undefined {
  const { disabled_reason: disabledReason, past_due: pastDue } = cardholder.requirements;
  if (cardholder.status === 'blocked') return 'The cardholder is blocked.';
  if (disabledReason === null) return undefined;
  const missing = (pastDue ?? []).join(', ');
  return `The cardholder has outstanding requirements (${disabledReason}${missing === '' ? '' : `: ${missing}`}).`;
}

/** A wallet needs a way to reach the cardholder. */
export const isReachable = (cardholder: CardholderRow): boolean =>
  (cardholder.email ?? cardholder.phone_number) !== null;
