/** Evidence as a parameter, and how a change is merged into what is stored. */
import {
  choice,
  type Field,
  flag,
  integer,
  object,
  text,
  unsettable,
  type Values,
} from '../http/parameter.ts';
import {
  DISPUTE_REASONS,
  type DisputeReason,
  type Evidence,
  type EvidenceMember,
  type EvidenceValue,
} from '../machines/dispute-evidence.ts';

const words = unsettable(text());
const moment = unsettable(integer());
/** The id of an uploaded file. Files are not simulated, so any id is taken. */
const file = words;
const explained = { additional_documentation: file, explanation: words };
const product = {
  product_description: words,
  product_type: unsettable(choice(['merchandise', 'service'])),
};
const returnStatus = unsettable(choice(['merchant_rejected', 'successful']));

const MEMBERS = {
  canceled: {
    ...explained,
    ...product,
    canceled_at: moment,
    cancellation_policy_provided: unsettable(flag()),
    cancellation_reason: words,
    expected_at: moment,
    return_status: returnStatus,
    returned_at: moment,
  },
  duplicate: {
    ...explained,
    card_statement: file,
    cash_receipt: file,
    check_image: file,
    original_transaction: text(),
  },
  fraudulent: explained,
  merchandise_not_as_described: {
    ...explained,
    received_at: moment,
    return_description: words,
    return_status: returnStatus,
    returned_at: moment,
  },
  no_valid_authorization: explained,
  not_received: { ...explained, ...product, expected_at: moment },
  other: { ...explained, ...product },
  service_not_as_described: {
    ...explained,
    canceled_at: moment,
    cancellation_reason: words,
    received_at: moment,
  },
} satisfies Record<DisputeReason, Record<string, Field<EvidenceValue>>>;

const EVIDENCE = {
  canceled: unsettable(object(MEMBERS.canceled)),
  duplicate: unsettable(object(MEMBERS.duplicate)),
  fraudulent: unsettable(object(MEMBERS.fraudulent)),
  merchandise_not_as_described: unsettable(object(MEMBERS.merchandise_not_as_described)),
  no_valid_authorization: unsettable(object(MEMBERS.no_valid_authorization)),
  not_received: unsettable(object(MEMBERS.not_received)),
  other: unsettable(object(MEMBERS.other)),
  reason: choice(DISPUTE_REASONS),
  service_not_as_described: unsettable(object(MEMBERS.service_not_as_described)),
};

export const evidence = object(EVIDENCE);

/** What is taken when a caller names no reason. */
const DEFAULT_REASON: DisputeReason = 'other';

/** Merges field by field. Members of other reasons stay as they are, so that a reason can be tried and changed back. */
export function mergeEvidence(
  stored: Evidence | undefined,
  given: Values<typeof EVIDENCE> | undefined,
): Evidence {
  const reason = given?.reason ?? stored?.reason ?? DEFAULT_REASON;
  const members = DISPUTE_REASONS.flatMap((name): [DisputeReason, EvidenceMember][] => {
    const change = given?.[name];
    const before = change === null ? undefined : stored?.[name];
    const isShown = name === reason || before !== undefined || (change ?? undefined) !== undefined;
    return isShown ? [[name, mergeMember(name, before, change ?? undefined)]] : [];
  });
  return { reason, ...Object.fromEntries(members) };
}

/** All fields of a member, null where nothing is known. */
function mergeMember(
  reason: DisputeReason,
  stored: EvidenceMember | undefined,
  change: Readonly<Record<string, EvidenceValue | undefined>> | undefined,
): EvidenceMember {
  const fields = Object.keys(MEMBERS[reason]);
  const value = (field: string): EvidenceValue => {
    const given = change?.[field];
    return given === undefined ? (stored?.[field] ?? null) : given;
  };
  return Object.fromEntries(fields.map((field) => [field, value(field)]));
}
