import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { ADDRESS, decision, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual', seed: 4 });
});
afterAll(() => program.close());

const snapshot = () => program.control('GET', '/_sim/snapshot');
const restore = (body: object) => program.control('POST', '/_sim/restore', body);
const objects = () => program.control('GET', '/_sim/objects');

/** Traffic that touches much: holds, captures, refunds, reversals, changes and the passing of time. */
async function live(rounds: number, there: Program = program): Promise<string[]> {
  const { issuing, testHelpers } = there.stripe;
  const ids: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const card = await there.card({ metadata: { round: String(round) } });
    const held = await testHelpers.issuing.authorizations.create({ card: card.id, amount: 900 });
    const other = await testHelpers.issuing.authorizations.create({ card: card.id, amount: 50 });
    const captured = await testHelpers.issuing.authorizations.capture(held.id, {
      capture_amount: 400,
      close_authorization: round % 2 === 0,
    });
    const [transaction] = captured.transactions;
    const refunded = await testHelpers.issuing.transactions.refund(transaction?.id ?? '');
    if (round % 3 === 0) await testHelpers.issuing.authorizations.reverse(other.id);
    await issuing.cards.update(card.id, { status: round % 2 === 0 ? 'inactive' : 'canceled' });
    await there.control('POST', '/_sim/clock/advance', { seconds: 40_000 });
    ids.push(card.id, card.last4, held.id, other.id, refunded.id);
  }
  return ids;
}

describe('a snapshot', () => {
  it('brings objects, clock and ids back, so that the same traffic goes on the same way', async () => {
    await live(4);
    const taken = await snapshot();
    const before = await objects();
    const ids = await live(5);
    const after = await objects();
    expect(after).not.toEqual(before);
    await restore(taken);
    expect(await objects()).toEqual(before);
    expect(await snapshot()).toEqual(taken);
    expect(await live(5)).toEqual(ids);
    expect(await objects()).toEqual(after);
  });

  it('brings holds back that expire when their time has come', async () => {
    const card = await program.card();
    const { authorizations } = program.stripe.testHelpers.issuing;
    const held = await authorizations.create({ card: card.id, amount: 10 });
    const taken = await snapshot();
    await authorizations.reverse(held.id);
    await restore(taken);
    const status = async () =>
      (await program.stripe.issuing.authorizations.retrieve(held.id)).status;
    expect(await status()).toBe('pending');
    await program.control('POST', '/_sim/clock/advance', { seconds: 8 * 86_400 });
    expect(await status()).toBe('expired');
  });

  it('brings idempotency keys, settings, faults and limits back', async () => {
    const params = { name: 'Ada', billing: { address: ADDRESS } };
    const make = (idempotencyKey: string) =>
      program.stripe.issuing.cardholders.create(params, { idempotencyKey });
    const first = await make('kept');
    await program.control('PUT', '/_sim/accounts/platform/settings', { disabled: true });
    await program.control('PUT', '/_sim/faults', { rules: [{ fault: '500', path: '/nowhere' }] });
    const { rules } = await program.control('GET', '/_sim/faults');
    const taken = await snapshot();
    const second = await make('forgotten');
    await program.control('POST', '/_sim/accounts', { id: 'acct_forgotten' });
    await program.control('PUT', '/_sim/accounts/platform/settings', { disabled: false });
    await program.control('PUT', '/_sim/faults', { rules: [] });
    await restore(taken);
    expect((await make('kept')).id).toBe(first.id);
    const gone = await refusal(program.stripe.issuing.cardholders.retrieve(second.id));
    expect(gone.code).toBe('resource_missing');
    const again = await make('forgotten');
    expect((await program.stripe.issuing.cardholders.retrieve(again.id)).id).toBe(again.id);
    expect((await program.control('GET', '/_sim/faults'))['rules']).toEqual(rules);
    const { accounts } = await program.control('GET', '/_sim/accounts');
    expect(accounts).toMatchObject([{ settings: { disabled: true } }]);
    await program.control('PUT', '/_sim/accounts/platform/settings', { disabled: false });
  });

  it('brings events back that were still to be delivered', async () => {
    const endpoint = await program.subscribe();
    program.receiver.respond = () => ({ status: 500 });
    const { id } = await program.cardholder();
    const taken = await snapshot();
    program.receiver.respond = () => ({});
    const passRetries = async (): Promise<void> => {
      await program.control('POST', '/_sim/clock/advance', { seconds: 3_600 });
      await program.simulator.settle();
    };
    await passRetries();
    const delivered = () =>
      program.receiver
        .events('issuing_cardholder.created')
        .filter(({ data }) => 'id' in data.object && data.object.id === id).length;
    const before = delivered();
    await restore(taken);
    await passRetries();
    expect(delivered()).toBeGreaterThan(before);
    await program.stripe.webhookEndpoints.del(endpoint.id);
  });

  it('moves to another simulator, whose platform account it replaces', async () => {
    const taken = await snapshot();
    const other = await startProgram({ clock: 'virtual', seed: 99 });
    try {
      await other.control('POST', '/_sim/restore', taken);
      expect(other.simulator.platformAccount).toBe(program.simulator.platformAccount);
      expect(await other.control('GET', '/_sim/objects')).toEqual(await objects());
      expect(await live(2, other)).toEqual(await live(2));
    } finally {
      await other.close();
    }
  });

  it('is refused when it is not one, or not word for word; then nothing changes', async () => {
    const taken = (await snapshot()) as { seal: string; snapshot: Record<string, unknown> };
    const real = await startProgram({ clock: 'real' });
    const foreign = await real.control('GET', '/_sim/snapshot');
    await real.close();
    const wrong = [
      {},
      { snapshot: taken.snapshot },
      { ...taken, seal: 'x' },
      { ...taken, snapshot: { ...taken.snapshot, clockOffsetMs: 5 } },
      { ...taken, snapshot: { ...taken.snapshot, format: 1 } },
      { ...taken, snapshot: null },
      foreign,
    ];
    for (const body of wrong) await expect(restore(body)).rejects.toThrow('400');
    expect(await snapshot()).toEqual(taken);
  });

  it('may be larger than any other body', async () => {
    const value = 'x'.repeat(500);
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, value]));
    for (let made = 0; made < 45; made += 1) await program.cardholder({ metadata });
    const taken = await snapshot();
    expect(JSON.stringify(taken).length).toBeGreaterThan(2_000_000);
    await restore(taken);
    expect(await snapshot()).toEqual(taken);
  });

  it('ends calls that wait for a decision, which leave nothing behind', async () => {
    const there = await startProgram({ clock: 'virtual' });
    try {
      const card = await there.card();
      await there.decideWith(() => undefined);
      const taken = await there.control('GET', '/_sim/snapshot');
      const { authorizations } = there.stripe.testHelpers.issuing;
      const buy = () =>
        authorizations.create({ card: card.id, amount: 100 }, { idempotencyKey: 'open' });
      const first = refusal(buy());
      await eventually(() => there.receiver.received[0]);
      await there.control('POST', '/_sim/restore', taken);
      expect(await first).toMatchObject({ statusCode: 409 });
      expect(await there.control('GET', '/_sim/snapshot')).toEqual(taken);
      there.receiver.respond = (received) => decision(received, { approved: true });
      const { id } = await buy();
      expect((await buy()).id).toBe(id);
      expect((await there.stripe.issuing.authorizations.retrieve(id)).approved).toBe(true);
    } finally {
      await there.close();
    }
  });

  it('is refused by a simulator with other rules', async () => {
    const taken = await snapshot();
    for (const option of [{ capturedAmount: 'stays' }, { validityDays: 3 }] as const) {
      const other = await startProgram({ clock: 'virtual', ...option });
      try {
        const name = Object.keys(option)[0] ?? '';
        await expect(other.control('POST', '/_sim/restore', taken)).rejects.toThrow(name);
      } finally {
        await other.close();
      }
    }
  });
});
