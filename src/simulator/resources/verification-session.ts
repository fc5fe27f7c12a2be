/** Identity verification sessions and reports: `/v1/identity/...`. */
import { missingParameter } from '../http/failure.ts';
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
import { checkOf, outputsOf } from '../machines/verification-check.ts';
import {
  canMove,
  canRedact,
  moveSession,
  nextEnd,
  type ReportRow,
  redacted,
  type SessionRow,
  type SessionStep,
  withoutEnded,
} from '../machines/verification-session.ts';
import { create, emit, type Scope, store } from '../world/kind.ts';
import { REPORT, SESSION } from '../world/kinds/identity.ts';
import { email } from './contact.ts';
import { illegalStep } from './illegal-step.ts';

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
  provided_details: object({ email: email(), phone: text() }),
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
    outputsOf(find(call, SESSION, call.id)),
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
    handle(call) {
      const session = newSession(call, call.params);
      const shown = create(call, SESSION, session);
      scheduleEnd(call, session);
      return shown;
    },
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
        throw refusedStep(call, session, 'update');
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
  if (next === undefined) throw refusedStep(scope, session, step.kind);
  const shown = store(scope, SESSION, next);
  emit(scope, `${SESSION.eventPrefix}.${next.status}`, shown);
  return shown;
}

const refusedStep = (scope: Scope, session: SessionRow, kind: string): Error =>
  illegalStep(scope, `You cannot ${kind} a VerificationSession with status ${session.status}.`);

/** The checks are over, with an error or without. Throws a 400 when the state does not allow it. */
export function concludeSession(
  scope: Scope,
  session: SessionRow,
  error: ReportRow['error'],
): object {
  const kind = error === null ? 'verify' : 'fail';
  // A report must not be there of checks that are refused.
  if (!canMove(session, kind)) throw refusedStep(scope, session, kind);
  if (error === null) {
    return driveSession(scope, session, {
      kind: 'verify',
      report: addReport(scope, session, null),
    });
  }
  const report = checkOf(error.code) === undefined ? null : addReport(scope, session, error);
  return driveSession(scope, session, { kind: 'fail', report, error });
}

/** Writes down the outcome of the checks. */
function addReport(scope: Scope, session: SessionRow, error: ReportRow['error']): string {
  const id = scope.world.sequence.id(REPORT.idPrefix);
  store(scope, REPORT, {
    id,
    created: scope.world.clock.now(),
    client_reference_id: session.client_reference_id,
    checked: {
      options: session.options,
      provided_details: session.provided_details,
      type: session.type,
      ...(session.verification_flow === undefined
        ? {}
        : { verification_flow: session.verification_flow }),
    },
    error,
    redacted: false,
    type: session.type,
    verification_session: session.id,
  });
  return id;
}

/** Stripe takes up to four days; here it is done at once after the answer, which still says `processing`. */
function redact(scope: Scope, session: SessionRow): object {
  if (!canRedact(session)) {
    throw refusedStep(scope, session, 'redact');
  }
  const redacting: SessionRow = { ...session, redaction: { status: 'processing' } };
  const shown =
    session.status === 'requires_input'
      ? driveSession(scope, redacting, { kind: 'cancel' })
      : store(scope, SESSION, redacting);
  for (const report of scope.account.reports.all()) {
    if (report.verification_session !== session.id) continue;
    const checked = { ...report.checked, provided_details: withoutValues(report) };
    store(scope, REPORT, { ...report, checked, redacted: true });
  }
  const gone = store(scope, SESSION, redacted(find(scope, SESSION, session.id)));
  emit(scope, `${SESSION.eventPrefix}.redacted`, gone);
  return shown;
}

/** Which details there were decides which checks a report shows; what they were is gone. */
function withoutValues({ checked }: ReportRow): SessionRow['provided_details'] {
  const names = Object.keys(checked.provided_details ?? {});
  return Object.fromEntries(names.map((name) => [name, '']));
}

/** Notes when the next way into a session ends. */
export function scheduleEnd({ world, account }: Scope, session: SessionRow): void {
  const end = nextEnd(session);
  if (end === undefined) return;
  const at = end * 1000;
  world.agenda.add({ at, task: 'end_session_access', account: account.id, id: session.id });
}

/** Keeps such a note. Nobody is told. */
export function endAccess(scope: Scope, id: string): void {
  const session = scope.account.sessions.get(id);
  if (session === undefined) return;
  const next = withoutEnded(session, scope.world.clock.now());
  store(scope, SESSION, next);
  scheduleEnd(scope, next);
}
