/** The deprecated calls that decide a pending request, and what can be seen while it is pending. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { decision, type Program, type Reply, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

let program: Program;
let card: { id: string };
/** Lets the endpoint answer at last. */
let answer: (reply: Reply) => void;
beforeEach(async () => {
  program = await startProgram();
  card = await program.card();
  await program.decideWith(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  await program.subscribe();
});
afterEach(() => program.close());

const buy = (params: object = {}) =>
  program.stripe.testHelpers.issuing.authorizations.create({
    card: card.id,
    amount: 1_000,
    ...params,
  });

/** The id of an authorization whose request has reached the endpoint. */
const asked = (): Promise<string> =>
  eventually(() => {
    const [event] = program.receiver.events('issuing_authorization.request');
    return event === undefined ? undefined : (event.data.object as { id: string }).id;
  });

const contradict = (approved: boolean): void => {
  const [received] = program.receiver.received;
  if (received !== undefined) answer(decision(received, { approved, metadata: { late: 'yes' } }));
};

describe('while the endpoint thinks', () => {
  it('the authorization is listed as pending and not approved', async () => {
    const bought = buy();
    const id = await asked();
    const { authorizations } = program.stripe.issuing;
    const pending = { id, status: 'pending', approved: false, amount: 0, request_history: [] };
    expect(await authorizations.retrieve(id)).toMatchObject({ ...pending, pending_request: null });
    expect((await authorizations.list({ status: 'pending' })).data).toMatchObject([pending]);
    contradict(true);
    expect(await bought).toMatchObject({ id, approved: true });
  });

  it('nothing is told of a change of its metadata, and all of it afterwards', async () => {
    const bought = buy();
    const id = await asked();
    await program.stripe.issuing.authorizations.update(id, { metadata: { note: 'early' } });
    contradict(true);
    await bought;
    const seen = await told(program, 'issuing_authorization');
    expect(seen.map(({ type }) => type)).toEqual([
      'authorization.request',
      'authorization.created',
    ]);
    expect(seen[1]?.object).toMatchObject({ metadata: { note: 'early', late: 'yes' } });
  });

  it('approve decides, and wins over the answer', async () => {
    const bought = buy();
    const id = await asked();
    const approved = await program.stripe.issuing.authorizations.approve(id, {
      metadata: { by: 'call' },
    });
    const expected = { approved: true, status: 'pending', amount: 1_000, metadata: { by: 'call' } };
    expect(approved).toMatchObject({
      ...expected,
      request_history: [{ reason: 'webhook_approved' }],
    });
    contradict(false);
    expect(await bought).toMatchObject(expected);
    const seen = await told(program, 'issuing_authorization');
    expect(seen.map(({ type }) => type)).toEqual([
      'authorization.request',
      'authorization.created',
    ]);
    expect(seen[1]?.object).toMatchObject({ approved: true, metadata: { by: 'call' } });
    expect((await program.stripe.issuing.authorizations.retrieve(id)).metadata).toEqual({
      by: 'call',
    });
  });

  it('decline decides, and wins over the answer', async () => {
    const bought = buy();
    const id = await asked();
    const declined = await program.stripe.issuing.authorizations.decline(id, {
      metadata: { by: 'call' },
    });
    expect(declined).toMatchObject({
      approved: false,
      status: 'closed',
      metadata: { by: 'call' },
      request_history: [{ reason: 'webhook_declined' }],
    });
    contradict(true);
    expect(await bought).toMatchObject({ approved: false });
    const seen = await told(program, 'issuing_authorization');
    expect(seen.map(({ type }) => type)).toEqual([
      'authorization.request',
      'authorization.created',
    ]);
  });

  it('approve takes a lower amount only where the amount is controllable', async () => {
    const bought = buy({ is_amount_controllable: true });
    const id = await asked();
    const { authorizations } = program.stripe.issuing;
    expect((await refusal(authorizations.approve(id, { amount: 1_001 }))).param).toBe('amount');
    expect(await authorizations.approve(id, { amount: 600 })).toMatchObject({ amount: 600 });
    contradict(true);
    expect(await bought).toMatchObject({ amount: 600, approved: true });
  });

  it('approve refuses an amount that is not controllable, and leaves the request open', async () => {
    const bought = buy();
    const id = await asked();
    const { authorizations } = program.stripe.issuing;
    expect((await refusal(authorizations.approve(id, { amount: 600 }))).param).toBe('amount');
    contradict(true);
    expect(await bought).toMatchObject({ amount: 1_000, approved: true });
  });

  it('an increment can be decided as well, and no second one begins', async () => {
    const bought = buy();
    const id = await asked();
    const { authorizations } = program.stripe.issuing;
    await authorizations.approve(id);
    await bought;
    program.receiver.received.length = 0;
    const helpers = program.stripe.testHelpers.issuing.authorizations;
    const raised = helpers.increment(id, { increment_amount: 200 });
    await asked();
    const second = helpers.increment(id, { increment_amount: 1 });
    expect((await refusal(second)).statusCode).toBe(400);
    await authorizations.decline(id);
    expect(await raised).toMatchObject({ amount: 1_000, approved: true, status: 'pending' });
  });
});

describe('an increment', () => {
  it('that is approved when the authorization is over does not open it again', async () => {
    const bought = buy();
    const id = await asked();
    await program.stripe.issuing.authorizations.approve(id);
    await bought;
    program.receiver.received.length = 0;
    const helpers = program.stripe.testHelpers.issuing.authorizations;
    const raised = helpers.increment(id, { increment_amount: 200 });
    await asked();
    await helpers.capture(id);
    contradict(true);
    expect(await raised).toMatchObject({
      status: 'closed',
      amount: 1_000,
      request_history: [{ approved: true }, { approved: true, amount: 200 }],
    });
  });
});

describe('outside of the window', () => {
  it('both calls are refused', async () => {
    const bought = buy();
    const id = await asked();
    contradict(true);
    await bought;
    const { authorizations } = program.stripe.issuing;
    for (const call of [authorizations.approve(id), authorizations.decline(id)]) {
      const error = await refusal(call);
      expect(error).toMatchObject({ statusCode: 400, rawType: 'invalid_request_error' });
      expect(error.message).toContain('no pending request');
    }
    expect((await refusal(authorizations.approve('iauth_none'))).statusCode).toBe(404);
  });
});
