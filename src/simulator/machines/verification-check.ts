/** Which checks a verification session makes, what they find, and which of them an error is about. Pure. */
import type { VerificationErrorCode } from './verification-error.ts';
import type { ReportRow, SessionRow } from './verification-session.ts';

const CHECKS = ['document', 'email', 'id_number', 'phone', 'selfie'] as const;
export type Check = (typeof CHECKS)[number];

/** These end a session before any check has run, so no report tells of them. */
const WITHOUT_CHECK: readonly VerificationErrorCode[] = [
  'abandoned',
  'consent_declined',
  'country_not_supported',
  'device_not_supported',
  'under_supported_age',
];

/** The check that an error is about; undefined for one of the whole session. */
export const checkOf = (code: VerificationErrorCode): Check | undefined =>
  WITHOUT_CHECK.includes(code) ? undefined : CHECKS.find((check) => code.startsWith(`${check}_`));

type Asked = Pick<SessionRow, 'options' | 'provided_details' | 'type'>;

/**
 * What a session checks. A verification flow is set up in the Dashboard; here it checks a document, and whatever is
 * known of the person beforehand.
 */
export function checksOf({ type, options, provided_details: details }: Asked): readonly Check[] {
  if (type === 'id_number') return ['id_number'];
  const isFlow = type === 'verification_flow';
  const wanted: Readonly<Record<Check, boolean>> = {
    document: true,
    email: isFlow && details?.email !== undefined,
    id_number: options?.document?.require_id_number === true,
    phone: isFlow && details?.phone !== undefined,
    selfie: options?.document?.require_matching_selfie === true,
  };
  return CHECKS.filter((check) => wanted[check]);
}

/** The person in front of the camera is always the same one. */
const PERSON = { first_name: 'Jenny', last_name: 'Rosen' };
const NOBODY = { first_name: null, last_name: null };
const BIRTHDAY = { day: 1, month: 1, year: 1990 };
const ID_NUMBER_TYPE = 'us_ssn';

/** The outcome of each check, by its name, as reports show them. Redaction leaves nothing but the outcome. */
export function outcomesOf(report: ReportRow): Readonly<Record<string, object>> {
  const { checked, error, redacted } = report;
  const failed = error === null ? undefined : checkOf(error.code);
  return Object.fromEntries(
    checksOf(checked).map((check) => {
      const isBad = check === failed;
      const status = isBad ? 'unverified' : 'verified';
      const found = findings(checked, check, !isBad && !redacted);
      return [check, { ...found, error: isBad ? error : null, status }];
    }),
  );
}

function findings(asked: Asked, check: Check, isKnown: boolean): object {
  const person = isKnown ? PERSON : NOBODY;
  switch (check) {
    case 'document':
      return {
        ...person,
        address: null,
        files: null,
        issued_date: null,
        issuing_country: isKnown ? 'US' : null,
        type: isKnown ? (asked.options?.document?.allowed_types?.[0] ?? 'driving_license') : null,
      };
    case 'id_number':
      return { ...person, id_number_type: isKnown ? ID_NUMBER_TYPE : null };
    case 'selfie':
      return { document: null, selfie: null };
    case 'email':
      return { email: isKnown ? (asked.provided_details?.email ?? null) : null };
    case 'phone':
      return { phone: isKnown ? (asked.provided_details?.phone ?? null) : null };
  }
}

/** What a verified session tells about the person; null before, and after redaction. */
export function outputsOf(session: SessionRow): object | null {
  if (session.status !== 'verified' || session.redaction !== null) return null;
  const checks = checksOf(session);
  const { email, phone } = session.provided_details ?? {};
  return {
    ...PERSON,
    address: null,
    dob: BIRTHDAY,
    email: checks.includes('email') ? email : null,
    id_number_type: checks.includes('id_number') ? ID_NUMBER_TYPE : null,
    phone: checks.includes('phone') ? phone : null,
  };
}
