/** What the relay does about KYC: messages of checks that moved on, and evidence that is old enough to be forgotten. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { createStripeIdentity } from '../../src/adapters/stripe/identity.ts';
import { createForgetRound, createRedactionRound } from '../../src/apps/relay/redaction.ts';
import { parseKycReference } from '../../src/domain/ids.ts';
import { KYC_REDACT_AFTER_MS, REQUEST_FORGOTTEN_AFTER_MS } from '../../src/domain/limits.ts';
import type { KycRedactor } from '../../src/ports/kyc-provider.ts';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { event, store } from '../support/stripe-events.ts';
import { applyDue, deliver, rowOf } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;
let nowMs = Date.now();
const clock = { nowMs: () => nowMs };

beforeEach(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-kyc' });
  nowMs = Date.now();
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

/** A holder whose check was made by an attempt, and ended as the status says. */
async function holder(
  reference: string,
  options: { readonly status?: string; readonly phase?: string; readonly provider?: string } = {},
): Promise<CardProgram> {
  const { status = 'verified', phase = 'active', provider = 'stripe_identity' } = options;
  const program = await createCardProgram(sql, { phase });
  await attempt(program, reference, 1, provider);
  await sql`
    update cardholders set kyc_status = ${status}, kyc_provider = ${provider}, kyc_session_id = ${reference},
           kyc_verified_at = case when ${status === 'verified'} then now() end,
           kyc_decided_at = case when ${status !== 'pending'} then now() end,
           kyc_last_error = '{"code": "document_expired", "reason": "It has expired.", "failureId": null}'
     where cardholder_id = ${program.cardholderId}`;
  return program;
}

const attempt = async (program: CardProgram, reference: string, n: number, provider: string) => {
  await sql`
    insert into stripe_attempts (tenant_id, subject_id, step, attempt, idempotency_key, request, result_id, finished_at)
    values (${program.tenantId}, ${program.cardholderId}, 'create_verification', ${n}, ${reference},
            ${JSON.stringify({ provider })}::text::jsonb, ${reference}, now())`;
};

const kycOf = async ({ cardholderId }: CardProgram) => {
  const [row] = await sql<{ status: string; error: unknown; redacted: boolean }[]>`
    select kyc_status as status, kyc_last_error as error, kyc_redacted_at is not null as redacted
      from cardholders where cardholder_id = ${cardholderId}`;
  return row;
};

const told = async ({ cardId }: CardProgram) =>
  (await sql<{ kind: string }[]>`select kind from facts where card_id = ${cardId}`).map(
    ({ kind }) => kind,
  );

const session = (id: string, status: string) => ({ id, status, last_error: null });

/** Remembers what it was asked, and answers as the test wants. */
function redactor(answer: () => Promise<'redacted' | 'not_yet'> = async () => 'redacted') {
  const asked: string[] = [];
  const port: KycRedactor = {
    redact: (_tenant, reference) => {
      asked.push(reference);
      return answer();
    },
  };
  const errors: unknown[] = [];
  const step = createRedactionRound(sql, port, { clock, onError: (error) => errors.push(error) });
  return { asked, errors, step };
}

describe('messages of a check', () => {
  it('that another one has followed are no news, and wait for nobody', async () => {
    const program = await holder('vs_old', { status: 'pending', phase: 'kyc' });
    await attempt(program, 'vs_new', 2, 'stripe_identity');
    await sql`update cardholders set kyc_session_id = 'vs_new' where cardholder_id = ${program.cardholderId}`;
    const late = event('identity.verification_session.verified', session('vs_old', 'verified'));
    await deliver(sql, program, late);
    expect(await rowOf(sql, late['id'])).toMatchObject({ status: 'applied' });
    expect(await kycOf(program)).toMatchObject({ status: 'pending' });
    expect(await told(program)).toEqual([]);
  });

  it('that is about to be recorded wait for that', async () => {
    const program = await holder('vs_soon', { status: 'pending', phase: 'kyc' });
    await sql`update cardholders set kyc_session_id = null where cardholder_id = ${program.cardholderId}`;
    const early = event('identity.verification_session.verified', session('vs_soon', 'verified'));
    await deliver(sql, program, early);
    expect(await rowOf(sql, early['id'])).toMatchObject({ status: 'pending' });
    await sql`update cardholders set kyc_session_id = 'vs_soon' where cardholder_id = ${program.cardholderId}`;
    await sql`update inbox set next_try_at = now() where event_id = ${String(early['id'])}`;
    await deliver(sql, program);
    expect(await kycOf(program)).toMatchObject({ status: 'verified' });
    expect(await told(program)).toEqual(['identity_verified']);
  });

  it.each(['verified', 'rejected'])(
    'canceled and redacted change nothing of a holder who is %s',
    async (status) => {
      const program = await holder('vs_1', { status, phase: 'kyc' });
      await deliver(
        sql,
        program,
        event('identity.verification_session.canceled', session('vs_1', 'canceled'), {
          atS: 1_900_000_000,
        }),
        event('identity.verification_session.redacted', session('vs_1', 'canceled'), {
          atS: 1_900_000_001,
        }),
      );
      expect(await kycOf(program)).toEqual({
        status,
        redacted: true,
        error: { code: 'document_expired', reason: null, failureId: null },
      });
      expect(await told(program)).toEqual([]);
    },
  );
});

/** What an external provider tells of a check. */
const callback = (program: CardProgram, check: object) => ({
  id: `kyc:${randomUUID()}`,
  type: 'kyc.check.updated',
  created: 1_790_000_000,
  data: {
    object: {
      id: 'chk-1',
      tenantId: program.tenantId,
      cardholderId: program.cardholderId,
      url: null,
      error: null,
      updated: 1_790_000_000,
      ...check,
    },
  },
});

describe('callbacks of an external provider', () => {
  it("that name a tenant which is not there wait, and are nobody else's", async () => {
    const program = await createCardProgram(sql, { stripeAccount: null, phase: 'kyc' });
    await sql`
      update cardholders set kyc_status = 'pending', kyc_provider = 'external', kyc_session_id = 'chk-1',
             kyc_verified_at = null where cardholder_id = ${program.cardholderId}`;
    const lost = callback(program, { status: 'verified', tenantId: 'ten_nobody' });
    // The ingress stores what it cannot assign without a tenant.
    await store(sql, null, [lost]);
    expect(await applyDue(sql)).toEqual([]);
    expect(await kycOf(program)).toMatchObject({ status: 'pending' });
    const [row] = await sql`
      select status, reason, tenant_id from inbox where event_id = ${lost.id}`;
    expect(row).toEqual({
      status: 'pending',
      reason: 'there is no tenant ten_nobody',
      tenant_id: null,
    });
  });

  it('lock the accounts before the holder, although only the last of them needs it', async () => {
    const program = await holder('chk-1', {
      status: 'pending',
      phase: 'kyc',
      provider: 'external',
    });
    const failed = { status: 'failed', error: { code: 'document_forged' }, updated: 1_790_000_001 };
    const rejected = { status: 'rejected', updated: 1_790_000_002 };
    await store(sql, program.tenantId, [callback(program, failed), callback(program, rejected)]);
    let applied: Promise<unknown> | undefined;
    // A decision has the account, and goes on to read the holder.
    await sql.begin(async (decision) => {
      await decision`select 1 from accounts where account_id = ${program.accountId} for no key update`;
      applied = applyDue(sql);
      await eventually(
        async () =>
          (await sql`select 1 from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0`)
            .length > 0,
        { everyMs: 5 },
      );
      await decision`
        select 1 from cardholders where cardholder_id = ${program.cardholderId} for no key update nowait`;
    });
    expect(await applied).toEqual([]);
    await eventually(async () => {
      await applyDue(sql);
      return (await kycOf(program))?.status === 'rejected';
    });
  });
});

describe('requests of providers', () => {
  const requests = () => sql`select step, request from stripe_attempts order by step`;

  it('are forgotten when their answer is old, but for the provider', async () => {
    const program = await createCardProgram(sql);
    const insert = (step: string, request: object, at: Date | null) => sql`
      insert into stripe_attempts (tenant_id, subject_id, step, attempt, idempotency_key, request, result_id, finished_at)
      values (${program.tenantId}, ${program.cardholderId}, ${step}, 1, ${randomUUID()},
              ${JSON.stringify(request)}::text::jsonb, ${at === null ? null : 'made-1'}, ${at})`;
    const personal = { provider: 'external', check: { applicant: { name: 'Jenny Rosen' } } };
    await insert('create_verification', personal, new Date(nowMs));
    await insert('create_cardholder', { name: 'Jenny Rosen' }, new Date(nowMs));
    await insert('create_card', { name: 'still asked for' }, null);
    const before = await requests();
    const step = createForgetRound(sql, clock);
    nowMs += REQUEST_FORGOTTEN_AFTER_MS - 60_000;
    expect(await step()).toBe(false);
    expect(await requests()).toEqual(before);
    nowMs += 120_000;
    expect(await step()).toBe(false);
    expect(await requests()).toEqual([
      { step: 'create_card', request: { name: 'still asked for' } },
      { step: 'create_cardholder', request: { forgotten: true } },
      { step: 'create_verification', request: { forgotten: true, provider: 'external' } },
    ]);
  });
});

describe('redaction', () => {
  it('comes when the verdict is old enough, once, and takes the reason of the failure along', async () => {
    const program = await holder('vs_1');
    const { asked, step } = redactor();
    nowMs += KYC_REDACT_AFTER_MS - 60_000;
    expect(await step()).toBe(false);
    expect(asked).toEqual([]);
    nowMs += 120_000;
    await step();
    await step();
    expect(asked).toEqual(['vs_1']);
    expect(await kycOf(program)).toEqual({
      status: 'verified',
      redacted: true,
      error: { code: 'document_expired', reason: null, failureId: null },
    });
  });

  it('leaves alone what a card still waits for, and what others keep', async () => {
    await holder('vs_waits', { status: 'failed', phase: 'kyc' });
    await holder('chk-1', { provider: 'external' });
    const { asked, step } = redactor();
    nowMs += 2 * KYC_REDACT_AFTER_MS;
    await step();
    expect(asked).toEqual([]);
    await sql`update cards set phase = 'closed'`;
    await step();
    expect(asked).toEqual(['vs_waits']);
  });

  it('reaches the checks that others have followed', async () => {
    const program = await holder('vs_old', { status: 'pending', phase: 'kyc' });
    await attempt(program, 'chk-new', 2, 'external');
    await sql`
      update cardholders set kyc_session_id = 'chk-new', kyc_provider = 'external'
       where cardholder_id = ${program.cardholderId}`;
    const { asked, step } = redactor();
    nowMs += KYC_REDACT_AFTER_MS + 60_000;
    await step();
    expect(asked).toEqual(['vs_old']);
    expect(await kycOf(program)).toMatchObject({ status: 'pending', redacted: false });
  });

  it('tries again later what could not be redacted, and goes on with the others', async () => {
    await holder('vs_1');
    let answer: () => Promise<'redacted' | 'not_yet'> = () =>
      Promise.reject(new Error('no answer'));
    const { asked, errors, step } = redactor(() => answer());
    nowMs += KYC_REDACT_AFTER_MS + 60_000;
    await step();
    expect(errors).toHaveLength(1);
    await step();
    expect(asked).toEqual(['vs_1']);
    nowMs += 60_000;
    answer = async () => 'not_yet';
    await step();
    nowMs += 60_000;
    answer = async () => 'redacted';
    await step();
    await step();
    expect(asked).toEqual(['vs_1', 'vs_1', 'vs_1']);
    expect(errors).toHaveLength(1);
  });
});

describe('redaction at Stripe', () => {
  let simulator: Simulator;
  let url: string;
  beforeEach(async () => {
    simulator = createSimulator();
    url = await simulator.listen();
  });
  afterEach(() => simulator.close());

  it('is asked for in each state, may be repeated, and knows when it is too early', async () => {
    const stripe = createStripe({ secretKey: 'sk_test_relay', apiBase: url });
    const identity = createStripeIdentity(stripe);
    const program = await createCardProgram(sql, { stripeAccount: null });
    const tenant = { tenantId: program.tenantId, stripeAccount: null };
    const { cardholderId } = program;
    const made = async () => {
      const request = { type: 'document', client_reference_id: cardholderId };
      const answer = await identity.send(tenant, request, randomUUID());
      if (answer.kind !== 'made') throw new Error('a session can be made');
      return answer.made.reference;
    };
    const does = (id: string, step: string) =>
      fetch(`${url}/_sim/identity/verification_sessions/${id}/${step}`, { method: 'POST' });

    const waiting = await made();
    expect(await identity.redact(tenant, waiting)).toBe('redacted');
    expect(await identity.read(tenant, { cardholderId, reference: waiting })).toMatchObject({
      status: 'canceled',
    });
    expect(await identity.redact(tenant, waiting)).toBe('redacted');
    const verified = await made();
    await does(verified, 'process');
    expect(await identity.redact(tenant, verified)).toBe('not_yet');
    await does(verified, 'verify');
    expect(await identity.redact(tenant, verified)).toBe('redacted');
    expect(await identity.read(tenant, { cardholderId, reference: verified })).toMatchObject({
      status: 'verified',
    });
    expect(await identity.redact(tenant, parseKycReference('vs_unknown'))).toBe('redacted');
  });
});
