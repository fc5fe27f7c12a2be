/** What a cardholder's profile must be like for Stripe to take it, told field by field before anything is stored. */
import { type AddressToCheck, addressProblems, needsPhone } from './postal-rules.ts';
import {
  check,
  email,
  type FieldProblem,
  ipAddress,
  personName,
  phone,
  plainLine,
  printedName,
} from './text-rules.ts';

export interface HolderToCheck {
  readonly type: 'individual' | 'company';
  readonly name: string;
  readonly email?: string;
  readonly phoneNumber?: string;
  readonly preferredLocales?: readonly string[];
  readonly billing: AddressToCheck;
  readonly individual?: IndividualToCheck;
  readonly company?: { readonly taxId?: string };
}

interface IndividualToCheck {
  readonly firstName: string;
  readonly lastName: string;
  readonly dob: DateOfBirth;
  readonly userTermsAcceptance?: {
    readonly date: string;
    readonly ip: string;
    readonly userAgent?: string;
  };
}

interface DateOfBirth {
  readonly day: number;
  readonly month: number;
  readonly year: number;
}

/** What the rules need to know beside the profile. */
export interface HolderCircumstances {
  /** Today in UTC, as in `2026-11-23`. */
  readonly today: string;
  readonly nowMs: number;
  /** The moment that `userTermsAcceptance.date` names; null when it is no moment. */
  readonly termsAcceptedMs: number | null;
  /** Currencies of the holder's open cards. */
  readonly currencies: readonly string[];
}

/** The youngest holders that issuing banks take, in years. */
const AGE_MIN = 13;
/** Clocks of callers run ahead of ours by less than this, in milliseconds. */
const CLOCK_MARGIN_MS = 300_000;

/** Everything that is wrong, in the order of the fields. */
export function holderProblems(
  holder: HolderToCheck,
  at: HolderCircumstances,
): readonly FieldProblem[] {
  const { type, individual, company, billing } = holder;
  return [
    ...check('name', holder.name, printedName),
    ...check('email', holder.email, email),
    ...phoneProblems(holder, at.currencies),
    ...addressProblems(billing, 'billing.'),
    ...(type === 'company' && individual !== undefined
      ? [{ path: 'individual', message: 'is for cardholders of type individual' }]
      : []),
    ...(type === 'individual' && company !== undefined
      ? [{ path: 'company', message: 'is for cardholders of type company' }]
      : []),
    ...(individual === undefined ? [] : individualProblems(individual, at)),
    ...check('company.taxId', company?.taxId, plainLine),
  ];
}

function phoneProblems(
  { phoneNumber, billing }: HolderToCheck,
  currencies: readonly string[],
): readonly FieldProblem[] {
  if (phoneNumber !== undefined) return check('phoneNumber', phoneNumber, phone);
  return needsPhone(billing.country, currencies)
    ? [{ path: 'phoneNumber', message: PHONE_NEEDED }]
    : [];
}

export const PHONE_NEEDED =
  'is needed: 3D Secure sends codes by text message to holders of European cards';

function individualProblems(
  { firstName, lastName, dob, userTermsAcceptance: terms }: IndividualToCheck,
  at: HolderCircumstances,
): readonly FieldProblem[] {
  const birth = birthProblem(dob, at.today);
  const path = 'individual.userTermsAcceptance';
  return [
    ...check('individual.firstName', firstName, personName),
    ...check('individual.lastName', lastName, personName),
    ...(birth === undefined ? [] : [{ path: 'individual.dob', message: birth }]),
    ...(terms === undefined
      ? []
      : termsProblems(at).map((message) => ({ path: `${path}.date`, message }))),
    ...check(`${path}.ip`, terms?.ip, ipAddress),
    ...check(`${path}.userAgent`, terms?.userAgent, plainLine),
  ];
}

const termsProblems = ({ termsAcceptedMs, nowMs }: HolderCircumstances): readonly string[] => {
  if (termsAcceptedMs === null) return ['is no moment that exists'];
  return termsAcceptedMs > nowMs + CLOCK_MARGIN_MS ? ['lies in the future'] : [];
};

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function birthProblem({ day, month, year }: DateOfBirth, today: string): string | undefined {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  if (day < 1 || day > days) return 'is not a date';
  if (dateText({ day, month, year }) > today) return 'lies in the future';
  if (dateText({ day, month, year: year + AGE_MIN }) > today) {
    return `is that of a child below ${AGE_MIN} years`;
  }
  return undefined;
}

/** Dates as texts of one length are in the order of time. */
const dateText = ({ day, month, year }: DateOfBirth): string =>
  [String(year).padStart(4, '0'), two(month), two(day)].join('-');
const two = (part: number): string => String(part).padStart(2, '0');
