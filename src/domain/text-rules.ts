/**
 * What Stripe and the printers behind it take as a name, a line or a phone number. A text that they refuse is told to
 * the caller with its field, because weeks later, inside a workflow, nobody is there to correct it.
 */

/** A field of a request that cannot be as it is. */
export interface FieldProblem {
  /** As in `billing.postalCode`. */
  readonly path: string;
  readonly message: string;
}

export type TextRule = (text: string) => string | undefined;

/** Letters of the Latin alphabet as single characters; networks and embossers know no others. */
const LATIN = 'A-Za-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u024F\\u1E00-\\u1EFF';
const CARD_NAME = new RegExp(`^[${LATIN} .,'’&-]+$`);
const PERSON_NAME = new RegExp(`^[${LATIN} .,'’-]+$`);
const SECOND_LINE = new RegExp(`^[${LATIN}0-9 .,'’&/#-]+$`);
const ANY_LETTER = new RegExp(`[${LATIN}]`);
/** What Stripe prints in one line of a card. */
const PRINTED_MAX = 24;

/** The name on the card. */
export const printedName: TextRule = (text) => {
  if (text.length > PRINTED_MAX) return `can have ${PRINTED_MAX} characters at most`;
  if (!CARD_NAME.test(text)) return "takes Latin letters, spaces and . , & ' - only";
  return ANY_LETTER.test(text) ? blanks(text) : 'needs a letter';
};

export const personName: TextRule = (text) => {
  if (!PERSON_NAME.test(text)) return "takes Latin letters, spaces and . , ' - only";
  return ANY_LETTER.test(text) ? blanks(text) : 'needs a letter';
};

export const secondLine: TextRule = (text) => {
  if (text.length > PRINTED_MAX) return `can have ${PRINTED_MAX} characters at most`;
  if (!SECOND_LINE.test(text)) {
    return "takes Latin letters, digits, spaces and . , & ' / # - only";
  }
  return blanks(text);
};

/** A line of an address or a label: of any script, but a line. */
export const plainLine: TextRule = (text) =>
  /[\p{Cc}\u2028\u2029]/u.test(text) ? 'must not contain control characters' : blanks(text);

/** Blanks around a text are a slip of whoever copied it, and a text of blanks is none. */
const blanks: TextRule = (text) =>
  text.trim() === text && text !== '' ? undefined : 'must not begin or end with a blank';

/** E.164: a plus, the country code, the number. */
export const phone: TextRule = (text) =>
  /^\+[1-9]\d{6,14}$/.test(text)
    ? undefined
    : 'must be in E.164: a plus, the country code and the number, without blanks';

/** Whether anybody reads it, only a message could tell. */
export const email: TextRule = (text) =>
  /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text) ? undefined : 'is no address of e-mail';

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const IPV6_GROUPS = 8;

export const ipAddress: TextRule = (text) =>
  IPV4.test(text) || isIpv6(text) ? undefined : 'is neither an IPv4 nor an IPv6 address';

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length < IPV6_GROUPS : groups.length === IPV6_GROUPS;
}

/** Applies a rule to a field that may be absent. */
export function check(
  path: string,
  text: string | undefined,
  rule: TextRule,
): readonly FieldProblem[] {
  const message = text === undefined ? undefined : rule(text);
  return message === undefined ? [] : [{ path, message }];
}
