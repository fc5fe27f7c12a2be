/** Cardholders: `/v1/issuing/cardholders`. */
import { invalidRequest } from '../http/failure.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  isWanted,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import {
  choice,
  integer,
  list,
  object,
  required,
  text,
  timeRange,
  unsettable,
  type Values,
} from '../http/parameter.ts';
import { type CardholderRow, type Individual, impossiblePart } from '../machines/cardholder.ts';
import { change, create } from '../world/kind.ts';
import { CARDHOLDER } from '../world/kinds/issuing.ts';
import { address, readAddress } from './address.ts';
import { email } from './contact.ts';
import { cardholderSpendingControls, mergeSpendingControls } from './spending-controls.ts';

const PATH = '/v1/issuing/cardholders';
const NAME_LENGTH_MAX = 24;
const LOCALES = ['de', 'en', 'es', 'fr', 'it'] as const;

const individual = object({
  card_issuing: object({
    user_terms_acceptance: object({ date: integer(), ip: text(), user_agent: unsettable(text()) }),
  }),
  dob: object({ day: required(integer()), month: required(integer()), year: required(integer()) }),
  first_name: text(),
  last_name: text(),
  verification: object({ document: object({ back: text(), front: text() }) }),
});

const CHANGEABLE = {
  company: object({ tax_id: text() }),
  email: unsettable(email()),
  individual,
  metadata: metadata(),
  phone_number: unsettable(text()),
  preferred_locales: list(choice(LOCALES)),
  spending_controls: cardholderSpendingControls,
  status: choice(['active', 'inactive']),
};

const billing = object({ address: required(address) });

export const cardholderOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: CARDHOLDER,
    filters: {
      created: timeRange(),
      email: text(),
      phone_number: text(),
      status: choice(['active', 'blocked', 'inactive']),
      type: choice(['company', 'individual']),
    },
    matches: (row, wanted) =>
      isWithin(row.created, wanted.created) &&
      isWanted(row.email, wanted.email) &&
      isWanted(row.phone_number, wanted.phone_number) &&
      isWanted(row.status, wanted.status) &&
      isWanted(row.type, wanted.type),
  }),
  operation({
    method: 'POST',
    path: PATH,
    params: {
      ...CHANGEABLE,
      billing: required(billing),
      name: required(text()),
      type: choice(['company', 'individual']),
    },
    handle(call) {
      const { params, world } = call;
      checkBirthday(params.individual?.dob, world.clock.now());
      const row: CardholderRow = {
        id: world.sequence.id(CARDHOLDER.idPrefix),
        created: world.clock.now(),
        billing: { address: readAddress(params.billing.address) },
        company:
          params.company === undefined
            ? null
            : { tax_id_provided: params.company.tax_id !== undefined },
        email: params.email ?? null,
        individual:
          params.individual === undefined ? null : mergeIndividual(null, params.individual),
        metadata: mergeMetadata({}, params.metadata),
        name: readName(params.name),
        phone_number: normalizePhone(params.phone_number),
        preferred_locales: params.preferred_locales ?? [],
        requirements: { disabled_reason: null, past_due: [] },
        spending_controls:
          params.spending_controls === undefined
            ? null
            : mergeSpendingControls(null, params.spending_controls, null),
        status: params.status ?? 'active',
        type: params.type ?? 'individual',
      };
      return create(call, CARDHOLDER, row);
    },
  }),
  retrieveOperation(`${PATH}/{cardholder}`, CARDHOLDER),
  operation({
    method: 'POST',
    path: `${PATH}/{cardholder}`,
    params: { ...CHANGEABLE, billing },
    handle(call) {
      checkBirthday(call.params.individual?.dob, call.world.clock.now());
      return change(call, CARDHOLDER, updated(find(call, CARDHOLDER, call.id), call.params));
    },
  }),
];

function checkBirthday(
  dob: { readonly day: number; readonly month: number; readonly year: number } | undefined,
  now: number,
): void {
  const part = dob === undefined ? undefined : impossiblePart(dob, now);
  if (dob === undefined || part === undefined) return;
  throw invalidRequest(`Invalid date of birth: ${dob.year}-${dob.month}-${dob.day}`, {
    code: 'parameter_invalid_integer',
    param: `individual[dob][${part}]`,
  });
}

type Update = Values<typeof CHANGEABLE> & {
  readonly billing: Values<{ billing: typeof billing }>['billing'];
};

function updated(row: CardholderRow, params: Update): CardholderRow {
  if (row.status === 'blocked' && params.status !== undefined) {
    throw invalidRequest('You cannot change the status of a blocked cardholder.', {
      param: 'status',
    });
  }
  return {
    ...row,
    billing:
      params.billing === undefined ? row.billing : { address: readAddress(params.billing.address) },
    company:
      params.company === undefined
        ? row.company
        : { tax_id_provided: params.company.tax_id !== undefined },
    email: params.email === undefined ? row.email : params.email,
    individual:
      params.individual === undefined
        ? row.individual
        : mergeIndividual(row.individual, params.individual),
    metadata: mergeMetadata(row.metadata, params.metadata),
    phone_number:
      params.phone_number === undefined ? row.phone_number : normalizePhone(params.phone_number),
    preferred_locales: params.preferred_locales ?? row.preferred_locales,
    spending_controls:
      params.spending_controls === undefined
        ? row.spending_controls
        : mergeSpendingControls(row.spending_controls, params.spending_controls, null),
    status: params.status ?? row.status,
  };
}

type IndividualChange = NonNullable<Update['individual']>;

function mergeIndividual(stored: Individual | null, given: IndividualChange): Individual {
  const terms = given.card_issuing?.user_terms_acceptance;
  const document = given.verification?.document;
  return {
    card_issuing:
      terms === undefined
        ? (stored?.card_issuing ?? null)
        : {
            user_terms_acceptance: {
              date: terms.date ?? null,
              ip: terms.ip ?? null,
              user_agent: terms.user_agent ?? null,
            },
          },
    dob: given.dob ?? stored?.dob ?? null,
    first_name: given.first_name ?? stored?.first_name ?? null,
    last_name: given.last_name ?? stored?.last_name ?? null,
    verification:
      document === undefined
        ? (stored?.verification ?? { document: { back: null, front: null } })
        : { document: { back: document.back ?? null, front: document.front ?? null } },
  };
}

/** The name is embossed on cards, hence the limits. */
function readName(name: string): string {
  if (name.length > NAME_LENGTH_MAX) {
    throw invalidRequest(`The name can be at most ${NAME_LENGTH_MAX} characters.`, {
      param: 'name',
    });
  }
  if (/[^\p{L}\p{M}\s.,'’&/-]/u.test(name)) {
    throw invalidRequest('The name cannot contain numbers or special characters.', {
      param: 'name',
    });
  }
  return name;
}

/** Numbers are kept in E.164; without a country code they are taken for US numbers. */
function normalizePhone(phone: string | null | undefined): string | null {
  if (phone === undefined || phone === null) return null;
  const digits = phone.replaceAll(/[\s().-]/g, '');
  const normalized = digits.startsWith('+')
    ? digits
    : `+${digits.length === 10 ? '1' : ''}${digits}`;
  if (/^\+[1-9]\d{6,14}$/.test(normalized)) return normalized;
  throw invalidRequest(`"${phone}" is not a valid phone number.`, { param: 'phone_number' });
}
