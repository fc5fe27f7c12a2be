/** Identity verification sessions and reports: `/v1/identity/...`. */
import { invalidRequest, missingParameter } from '../http/failure.ts';
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
  flag,
  list,
  object,
  required,
  text,
  timeRange,
  unsettable,
  type Values,
} from '../http/parameter.ts';
import {
  canRedact,
  moveSession,
  type ReportRow,
  type SessionRow,
  type SessionStep,
} from '../machines/verification-session.ts';
import { create, emit, type Scope, store } from '../world/kind.ts';
import { REPORT, SESSION } from '../world/kinds/identity.ts';

const PATH = '/v1/identity/verification_sessions';
const REPORT_PATH = '/v1/identity/verification_reports';
const SECRET_LENGTH = 32;

const CHANGEABLE = {
  metadata: metadata(),
  options: object({
    document: unsettable(
      object({
        allowed_types: list(choice(['driving_license', 'id_card', 'passport'])),
        require_id_number: flag(),
        require_live_capture: flag(),
        require_matching_selfie: flag(),
      }),
    ),
  }),
  provided_details: object({ email: text(), phone: text() }),
  type: choice(['document', 'id_number']),
};

const CREATE = {
  ...CHANGEABLE,
  client_reference_id: text(),
  related_customer: text(),
  related_customer_account: text(),
  related_person: object({ account: required(text()), person: required(text()) }),
  return_url: text(),
  verification_flow: text(),
};

/** Shown only to who expands them: they are personal data. */
const EXTRAS = {
  verified_outputs: (call: Scope & { readonly id: string }): object | null =>
    find(call, SESSION, call.id).status === 'verified'
      ? {
          address: null,
          dob: { day: 1, month: 1, year: 1990 },
          email: null,
          first_name: 'Jenny',
          id_number_type: null,
          last_name: 'Rosen',
          phone: null,
        }
      : null,
};

export const verificationOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: SESSION,
    filters: {
      client_reference_id: text(),
      created: timeRange(),
      related_customer: text(),
      related_customer_account: text(),
      status: choice(['canceled', 'processing', 'requires_input', 'verified']),
    },
    matches: (row, wanted) =>
      isWanted(row.client_reference_id, wanted.client_reference_id) &&
      isWithin(row.created, wanted.created) &&
      isWanted(row.related_customer, wanted.related_customer) &&
      isWanted(row.related_customer_account, wanted.related_customer_account) &&
      isWanted(row.status, wanted.status),
  }),
  operation({
    method: 'POST',
    path: PATH,
    params: CREATE,
    handle: (call) => create(call, SESSION, newSession(call, call.params)),
  }),
  retrieveOperation(`${PATH}/{session}`, SESSION, EXTRAS),
  operation({
    method: 'POST',
    path: `${PATH}/{session}`,
    params: CHANGEABLE,
    handle(call) {
      const session = find(call, SESSION, call.id);
      const { params } = call;
      if (session.status !== 'requires_input') {
        throw invalidRequest(
          `You cannot update a VerificationSession with status ${session.status}.`,
        );
      }
      return store(call, SESSION, {
        ...session,
        metadata: mergeMetadata(session.metadata, params.metadata),
        options: params.options === undefined ? session.options : readOptions(params.options),
        provided_details: readDetails(params.provided_details) ?? session.provided_details,
        type: params.type ?? session.type,
      });
    },
  }),
  operation({
    method: 'POST',
    path: `${PATH}/{session}/cancel`,
    params: {},
    handle: (call) => driveSession(call, find(call, SESSION, call.id), { kind: 'cancel' }),
  }),
  operation({
    method: 'POST',
    path: `${PATH}/{session}/redact`,
    params: {},
    handle: (call) => redact(call, find(call, SESSION, call.id)),
  }),
  listOperation({
    path: REPORT_PATH,
    kind: REPORT,
    filters: {
      client_reference_id: text(),
      created: timeRange(),
      type: choice(['document', 'id_number']),
      verification_session: text(),
    },
    matches: (row, wanted) =>
      isWanted(row.client_reference_id, wanted.client_reference_id) &&
      isWithin(row.created, wanted.created) &&
      isWanted(row.type, wanted.type) &&
      isWanted(row.verification_session, wanted.verification_session),
  }),
  retrieveOperation(`${REPORT_PATH}/{report}`, REPORT),
];

function newSession({ world }: Scope, params: Values<typeof CREATE>): SessionRow {
  if (params.type === undefined && params.verification_flow === undefined)
    throw missingParameter('type');
  const id = world.sequence.id(SESSION.idPrefix);
  const secret = world.sequence.text('session_secret', SECRET_LENGTH);
  return {
    id,
    created: world.clock.now(),
    client_reference_id: params.client_reference_id ?? null,
    client_secret: `${id}_secret_${secret}`,
    last_error: null,
    last_verification_report: null,
    metadata: mergeMetadata({}, params.metadata),
    options: readOptions(params.options),
    provided_details: readDetails(params.provided_details) ?? null,
    redaction: null,
    related_customer: params.related_customer ?? null,
    related_customer_account: params.related_customer_account ?? null,
    ...(params.related_person === undefined ? {} : { related_person: params.related_person }),
    status: 'requires_input',
    type: params.type ?? 'verification_flow',
    url: `https://verify.stripe.com/start/test_${secret}`,
    ...(params.verification_flow === undefined
      ? {}
      : { verification_flow: params.verification_flow }),
  };
}

type Options = NonNullable<Values<typeof CHANGEABLE>['options']>;

const readOptions = (options: Options | undefined): SessionRow['options'] =>
  options?.document === undefined || options.document === null
    ? {}
    : { document: options.document };

function readDetails(
  details: Values<typeof CHANGEABLE>['provided_details'],
): SessionRow['provided_details'] | undefined {
  if (details === undefined) return undefined;
  return {
    ...(details.email === undefined ? {} : { email: details.email }),
    ...(details.phone === undefined ? {} : { phone: details.phone }),
  };
}

/** Takes a step and sends the event named after the new status. Throws a 400 when the state does not allow it. */
export function driveSession(scope: Scope, session: SessionRow, step: SessionStep): object {
  const next = moveSession(session, step);
  if (next === undefined) {
    throw invalidRequest(
      `You cannot ${step.kind} a VerificationSession with status ${session.status}.`,
    );
  }
  const shown = store(scope, SESSION, next);
  emit(scope, `${SESSION.eventPrefix}.${next.status}`, shown);
  return shown;
}

/** Writes down the outcome of the checks. */
export function addReport(scope: Scope, session: SessionRow, error: ReportRow['error']): string {
  const id = scope.world.sequence.id(REPORT.idPrefix);
  store(scope, REPORT, {
    id,
    created: scope.world.clock.now(),
    client_reference_id: session.client_reference_id,
    error,
    type: session.type,
    verification_session: session.id,
  });
  return id;
}

/** Stripe takes up to four days; here it is done at once after the answer, which still says `processing`. */
function redact(scope: Scope, session: SessionRow): object {
  if (!canRedact(session)) {
    throw invalidRequest(`You cannot redact a VerificationSession with status ${session.status}.`);
  }
  const redacting: SessionRow = { ...session, redaction: { status: 'processing' } };
  const shown =
    session.status === 'requires_input'
      ? driveSession(scope, redacting, { kind: 'cancel' })
      : store(scope, SESSION, redacting);
  const current = find(scope, SESSION, session.id);
  const redacted = store(scope, SESSION, {
    ...current,
    provided_details: null,
    redaction: { status: 'redacted' },
  });
  emit(scope, `${SESSION.eventPrefix}.redacted`, redacted);
  return shown;
}
