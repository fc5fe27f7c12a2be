/** Addresses that cannot be: countries that do not exist, and postal codes and states that no place in them has. */
import { COUNTRIES } from './countries.ts';
import { check, type FieldProblem, plainLine } from './text-rules.ts';

export interface AddressToCheck {
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly state?: string;
  readonly postalCode: string;
  readonly country: string;
}

/** States, the federal district, territories, and the three regions of military post. */
const US_STATES = words(`
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC
SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP`);
const CANADIAN_PROVINCES = words('AB BC MB NB NL NS NT NU ON PE QC SK YT');

interface CountryRules {
  readonly postalCode: RegExp;
  /** Every address has one of these. */
  readonly states?: ReadonlySet<string>;
  readonly stateExample?: string;
}

/** Of three countries the form is stable and strict; elsewhere more would be refused in error than found. */
const RULES: Readonly<Record<string, CountryRules>> = {
  US: { postalCode: /^\d{5}(-\d{4})?$/, states: US_STATES, stateExample: 'CA' },
  CA: {
    postalCode: /^[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d$/i,
    states: CANADIAN_PROVINCES,
    stateExample: 'ON',
  },
  GB: { postalCode: /^(GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})$/i },
};

/** The European Economic Area and the United Kingdom, where 3D Secure is answered by text message. */
const EUROPEAN_COUNTRIES = words(`
AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK GB`);
const EUROPEAN_CURRENCIES = words('chf dkk eur gbp nok pln sek');

/** `prefix` is the path of the address, as in `billing.`; empty where its fields stand in the body itself. */
export function addressProblems(address: AddressToCheck, prefix: string): readonly FieldProblem[] {
  const { line1, line2, city, state, postalCode, country } = address;
  return [
    ...check(`${prefix}line1`, line1, plainLine),
    ...check(`${prefix}line2`, line2, plainLine),
    ...check(`${prefix}city`, city, plainLine),
    ...check(`${prefix}state`, state, plainLine),
    ...check(`${prefix}postalCode`, postalCode, plainLine),
    ...placeProblems(address, prefix),
    ...check(`${prefix}country`, country, isCountry),
  ];
}

const isCountry = (code: string): string | undefined =>
  COUNTRIES.has(code) ? undefined : 'is no country of ISO 3166-1';

function placeProblems(
  { state, postalCode, country }: AddressToCheck,
  prefix: string,
): readonly FieldProblem[] {
  const rules = Object.hasOwn(RULES, country) ? RULES[country] : undefined;
  if (rules === undefined) return [];
  const problems: FieldProblem[] = [];
  if (!rules.postalCode.test(postalCode)) {
    problems.push({ path: `${prefix}postalCode`, message: `is no postal code of ${country}` });
  }
  if (rules.states !== undefined && (state === undefined || !rules.states.has(state))) {
    const message = `must be the two letters of a state of ${country}, such as ${rules.stateExample}`;
    problems.push({ path: `${prefix}state`, message });
  }
  return problems;
}

/** Whether Stripe asks for the holder's phone before it makes a card: by the currency, or where the holder lives. */
export const needsPhone = (country: string, currencies: readonly string[]): boolean =>
  EUROPEAN_COUNTRIES.has(country) || currencies.some((code) => EUROPEAN_CURRENCIES.has(code));

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
