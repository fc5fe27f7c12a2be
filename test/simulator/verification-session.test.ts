import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
  await program.subscribe({ enabled_events: ['*', 'identity.verification_session.redacted'] });
});
afterAll(() => program.close());

const create = (params: object = {}) =>
  program.stripe.identity.verificationSessions.create({ type: 'document', ...params });
const outcome = (id: string, kind: string, body?: object) =>
  program.control('POST', `/_sim/identity/verification_sessions/${id}/${kind}`, body);

async function told(id: string): Promise<string[]> {
  await program.simulator.settle();
  return program.receiver.received
    .filter(({ event }) => (event.data.object as { id: string }).id === id)
    .map(({ event }) => event.type.replace('identity.verification_session.', ''))
    .toSorted();
}

describe('a verification session', () => {
  it('goes through a failed check to a verified identity', async () => {
    const { verificationSessions, verificationReports } = program.stripe.identity;
    const session = await create({
      metadata: { card: 'c1' },
      client_reference_id: 'ours',
      options: { document: { require_matching_selfie: true } },
    });
    expect(session).toMatchObject({
      status: 'requires_input',
      last_error: null,
      client_secret: expect.stringContaining(session.id),
    });
    await outcome(session.id, 'process');
    await outcome(session.id, 'fail', {
      code: 'document_expired',
      reason: 'The document is expired.',
    });
    const failed = await verificationSessions.retrieve(session.id);
    expect(failed).toMatchObject({
      status: 'requires_input',
      last_error: { code: 'document_expired', reason: 'The document is expired.' },
    });
    await outcome(session.id, 'verify');
    const verified = await verificationSessions.retrieve(session.id, {
      expand: ['verified_outputs', 'last_verification_report'],
    });
    expect(verified).toMatchObject({
      status: 'verified',
      url: null,
      verified_outputs: { first_name: 'Jenny' },
      last_verification_report: {
        document: { status: 'verified' },
        verification_session: session.id,
      },
    });
    expect(await verificationSessions.retrieve(session.id)).not.toHaveProperty('verified_outputs');
    expect(
      (await verificationReports.list({ verification_session: session.id })).data,
    ).toHaveLength(2);
    expect(
      (await verificationSessions.list({ client_reference_id: 'ours', status: 'verified' })).data,
    ).toHaveLength(1);
    expect(await told(session.id)).toEqual(['created', 'processing', 'requires_input', 'verified']);
  });

  it('is cancelled only while it waits for input', async () => {
    const session = await create();
    expect(await program.stripe.identity.verificationSessions.cancel(session.id)).toMatchObject({
      status: 'canceled',
    });
    const again = await refusal(program.stripe.identity.verificationSessions.cancel(session.id));
    expect(again.message).toContain('status canceled');
    await expect(outcome(session.id, 'verify')).rejects.toThrow('400');
    expect(await told(session.id)).toEqual(['canceled', 'created']);
  });

  it('is redacted, which cancels it while it waits for input', async () => {
    const session = await create({ provided_details: { email: 'jenny@example.com' } });
    const answer = await program.stripe.identity.verificationSessions.redact(session.id);
    expect(answer).toMatchObject({ status: 'canceled', redaction: { status: 'processing' } });
    expect(await program.stripe.identity.verificationSessions.retrieve(session.id)).toMatchObject({
      redaction: { status: 'redacted' },
      provided_details: null,
    });
    expect(await told(session.id)).toEqual(['canceled', 'created', 'redacted']);
  });

  it('loses everything personal by redaction, and so do its reports', async () => {
    const { verificationSessions, verificationReports } = program.stripe.identity;
    const session = await create({
      metadata: { customer: 'Jenny' },
      options: { document: { require_id_number: true } },
      provided_details: { email: 'jenny@example.com' },
    });
    await outcome(session.id, 'verify');
    await verificationSessions.redact(session.id);
    const redacted = await verificationSessions.retrieve(session.id, {
      expand: ['verified_outputs', 'last_verification_report'],
    });
    expect(redacted).toMatchObject({
      status: 'verified',
      metadata: {},
      provided_details: null,
      redaction: { status: 'redacted' },
      verified_outputs: null,
      last_verification_report: {
        document: { first_name: null, issuing_country: null, last_name: null, type: null },
        id_number: { first_name: null, id_number_type: null, last_name: null },
      },
    });
    const { data } = await verificationReports.list({ verification_session: session.id });
    expect(JSON.stringify([redacted, data])).not.toMatch(/jenny|rosen/i);
    expect((await refusal(verificationSessions.redact(session.id))).statusCode).toBe(400);
  });

  it('has the checks of its type and options in its report and outputs', async () => {
    const { verificationSessions } = program.stripe.identity;
    const verified = async (params: object) => {
      const { id } = await verificationSessions.create(params);
      await outcome(id, 'verify');
      const session = await verificationSessions.retrieve(id, {
        expand: ['verified_outputs', 'last_verification_report'],
      });
      const report = session.last_verification_report as unknown as Record<string, object>;
      const checks = ['document', 'email', 'id_number', 'phone', 'selfie'];
      return {
        checks: checks.filter((check) => report[check] !== undefined),
        report,
        outputs: session.verified_outputs,
      };
    };
    const number = await verified({ type: 'id_number' });
    expect(number).toMatchObject({
      checks: ['id_number'],
      report: {
        id_number: { first_name: 'Jenny', id_number_type: 'us_ssn', status: 'verified' },
        options: { id_number: {} },
      },
      outputs: { id_number_type: 'us_ssn' },
    });
    const document = await verified({
      type: 'document',
      options: { document: { allowed_types: ['passport'] } },
      provided_details: { email: 'jenny@example.com' },
    });
    expect(document).toMatchObject({
      checks: ['document'],
      report: { document: { type: 'passport' } },
      outputs: { email: null, id_number_type: null },
    });
    const all = await verified({
      verification_flow: 'vf_1',
      options: { document: { require_id_number: true, require_matching_selfie: true } },
      provided_details: { email: 'jenny@example.com', phone: '+14155550100' },
    });
    expect(all).toMatchObject({
      checks: ['document', 'email', 'id_number', 'phone', 'selfie'],
      report: { verification_flow: 'vf_1', email: { email: 'jenny@example.com' } },
      outputs: { email: 'jenny@example.com', phone: '+14155550100' },
    });
  });

  it('fails by a check that it makes, or before any', async () => {
    const { verificationSessions, verificationReports } = program.stripe.identity;
    const session = await create({ options: { document: { require_matching_selfie: true } } });
    await expect(outcome(session.id, 'fail', { code: 'nonsense' })).rejects.toThrow('400');
    await expect(outcome(session.id, 'fail', { code: 'phone_unverified_other' })).rejects.toThrow(
      'document, selfie',
    );
    const reports = async () =>
      (await verificationReports.list({ verification_session: session.id })).data;
    await outcome(session.id, 'fail', { code: 'consent_declined' });
    expect(await reports()).toEqual([]);
    await outcome(session.id, 'fail', { code: 'selfie_face_mismatch' });
    expect(await reports()).toMatchObject([
      {
        document: { status: 'verified', first_name: 'Jenny' },
        selfie: { status: 'unverified', error: { code: 'selfie_face_mismatch' } },
      },
    ]);
    await verificationSessions.cancel(session.id);
    await expect(outcome(session.id, 'verify')).rejects.toThrow('400');
    expect(await reports()).toHaveLength(1);
  });

  it('lets nobody in after a day by its secret, and after two by its address', async () => {
    const { verificationSessions } = program.stripe.identity;
    const { id, client_secret: secret, url } = await create();
    const told0 = await told(id);
    const after = async (seconds: number) => {
      await program.control('POST', '/_sim/clock/advance', { seconds });
      return verificationSessions.retrieve(id);
    };
    expect(await after(86_399)).toMatchObject({ client_secret: secret, url });
    expect(await after(1)).toMatchObject({ client_secret: null, url });
    expect(await after(86_399)).toMatchObject({ client_secret: null, url });
    expect(await after(1)).toMatchObject({ client_secret: null, url: null });
    expect(await told(id)).toEqual(told0);
  });

  it('is updated while it waits for input', async () => {
    const session = await create();
    const updated = await program.stripe.identity.verificationSessions.update(session.id, {
      metadata: { a: '1' },
      provided_details: { phone: '+15555550100' },
    });
    expect(updated).toMatchObject({
      metadata: { a: '1' },
      provided_details: { phone: '+15555550100' },
    });
    await outcome(session.id, 'verify');
    expect(
      (
        await refusal(
          program.stripe.identity.verificationSessions.update(session.id, { type: 'id_number' }),
        )
      ).statusCode,
    ).toBe(400);
  });

  it('needs a type or a flow', async () => {
    expect((await refusal(program.stripe.identity.verificationSessions.create({}))).param).toBe(
      'type',
    );
  });
});
