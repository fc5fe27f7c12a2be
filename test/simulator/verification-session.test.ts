import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram();
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
