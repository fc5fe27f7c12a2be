import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RESOLUTION_MS } from '../../src/simulator/webhooks/waiting-room.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, type Receiver, startProgram, startReceiver } from './program.ts';

let program: Program;
let other: Receiver;
beforeEach(async () => {
  program = await startProgram();
  other = await startReceiver();
});
afterEach(async () => {
  await program.close();
  await other.close();
});

const disturb = (...rules: object[]) => program.control('PUT', '/_sim/webhooks/faults', { rules });
const idOf = (event: Stripe.Event | undefined) =>
  (event?.data.object as { id?: string } | undefined)?.id;
const received = (receiver: Receiver) => receiver.received.map(({ event }) => idOf(event));
const audit = async () =>
  (await program.control('GET', '/_sim/audit')) as {
    total: Record<string, unknown>;
    endpoints: ({ id: string } & Record<string, unknown>)[];
  };

describe('a fault', () => {
  it('strikes only the endpoint and the event type that its rule names', async () => {
    const here = await program.subscribe();
    const there = await program.subscribe({ url: other.url });
    await disturb({ fault: 'drop', endpoint: here.id, type: 'issuing_card.*' });
    await program.card();
    await program.simulator.settle();
    expect(program.receiver.types()).toEqual(['issuing_cardholder.created']);
    expect(other.types()).toEqual(['issuing_cardholder.created', 'issuing_card.created']);
    const { endpoints, total } = await audit();
    expect(endpoints).toMatchObject([
      {
        id: here.id,
        sent: 1,
        dropped: 1,
        types: { 'issuing_card.created': { dropped: 1, sent: 0 } },
      },
      { id: there.id, sent: 2, dropped: 0 },
    ]);
    expect(total).toMatchObject({ sent: 3, dropped: 1 });
  });

  it('strikes as often as its count says and is gone then; an empty list ends the others', async () => {
    await program.subscribe();
    await disturb({ fault: 'drop', count: 1 }, { fault: 'delay', delay_ms: 1 });
    await program.cardholder();
    const second = await program.cardholder();
    await program.simulator.settle();
    expect(received(program.receiver)).toEqual([second.id]);
    const { rules } = await program.control('GET', '/_sim/webhooks/faults');
    expect(rules).toEqual([
      {
        fault: 'delay',
        endpoint: null,
        type: '*',
        share: 1,
        left: null,
        delay_ms: 1,
        jitter_ms: 0,
      },
    ]);
    expect((await program.control('GET', '/_sim/webhooks'))['faults']).toEqual(rules);
    await expect(program.control('PUT', '/_sim/webhooks/faults')).rejects.toThrow('rules');
    expect(await disturb()).toEqual({ rules: [] });
  });

  it('strikes the same share of the same run each time', async () => {
    const outcomes = [];
    for (const seed of [1, 1, 2]) {
      const run = await startProgram({ seed });
      await run.subscribe();
      await run.control('PUT', '/_sim/webhooks/faults', { rules: [{ fault: 'drop', share: 0.5 }] });
      const made = [];
      for (let i = 0; i < 24; i += 1) made.push((await run.cardholder()).id);
      await run.simulator.settle();
      const got = new Set(received(run.receiver));
      outcomes.push(made.map((id) => (got.has(id) ? 1 : 0)).join(''));
      await run.close();
    }
    expect(outcomes[1]).toBe(outcomes[0]);
    expect(outcomes[2]).not.toBe(outcomes[0]);
    expect(outcomes[0]).toMatch(/0.*1|1.*0/);
  });

  it('has to make sense', async () => {
    for (const wrong of [
      { fault: 'explode' },
      { fault: 'drop', share: 2 },
      { fault: 'drop', endpoint: 'we_unknown' },
      { fault: 'delay' },
      { fault: 'drop', delay_ms: 5 },
      { fault: 'drop', limit_ms: 5 },
      {},
    ]) {
      await expect(disturb(wrong)).rejects.toThrow('400');
    }
  });
});

describe('the fault', () => {
  it('drop loses a delivery for good, which the list of events shows until somebody asks again', async () => {
    await program.subscribe();
    await disturb({ fault: 'drop', count: 1 });
    await program.cardholder();
    await program.simulator.settle();
    await program.control('POST', '/_sim/clock/advance', { seconds: 86_400 });
    expect(program.receiver.received).toEqual([]);
    const [lost] = (await program.stripe.events.list({ delivery_success: false })).data;
    expect(lost?.pending_webhooks).toBe(1);
    await program.control('POST', `/_sim/webhooks/${lost?.id}/resend`);
    await program.simulator.settle();
    expect(program.receiver.received).toHaveLength(1);
    expect((await program.stripe.events.list({ delivery_success: false })).data).toEqual([]);
  });

  it('duplicate sends a copy after the first was answered', async () => {
    await program.subscribe();
    await disturb({ fault: 'duplicate' });
    let open = 0;
    let openMax = 0;
    program.receiver.respond = async () => {
      open += 1;
      openMax = Math.max(openMax, open);
      await program.stripe.events.list();
      open -= 1;
      return {};
    };
    await program.cardholder();
    await program.simulator.settle();
    const [first, second] = program.receiver.received;
    expect(second?.raw).toBe(first?.raw);
    expect(openMax).toBe(1);
    expect((await audit()).total).toMatchObject({ sent: 2, duplicated: 1, retried: 0 });
  });

  it('twice_at_once has two copies under way at the same time, however busy the endpoint is', async () => {
    await program.subscribe();
    await disturb({ fault: 'twice_at_once', type: 'issuing_card.created' });
    const copies = () => program.receiver.events('issuing_card.created');
    // Nothing is answered before both copies are there; seven other requests leave room for one more.
    program.receiver.respond = async () => {
      await eventually(() => copies().length === 2);
      return {};
    };
    let cardholder = '';
    for (let i = 0; i < 7; i += 1) cardholder = (await program.cardholder()).id;
    await eventually(() => program.receiver.received.length === 7);
    await program.card({ cardholder });
    await program.simulator.settle();
    expect(copies()).toHaveLength(2);
    expect((await audit()).total).toMatchObject({ sent: 9, duplicated: 1 });
  });

  it('reorder lets the next event pass, and goes by itself when there is none', async () => {
    await program.subscribe();
    await disturb({ fault: 'reorder', limit_ms: 400 });
    const first = await program.cardholder();
    const second = await program.cardholder();
    await program.simulator.settle();
    expect(received(program.receiver)).toEqual([second.id, first.id]);
    const last = await program.cardholder();
    expect((await audit()).total).toMatchObject({ pending: 1 });
    await program.simulator.settle();
    expect(received(program.receiver).at(-1)).toBe(last.id);
  });

  it('delay sends later, and jitter lets events overtake each other', async () => {
    await program.subscribe();
    await disturb({ fault: 'delay', delay_ms: 30, jitter_ms: 300 });
    const startedAt = performance.now();
    const made: string[] = [];
    for (let i = 0; i < 12; i += 1) made.push((await program.cardholder()).id);
    await program.simulator.settle();
    expect(performance.now() - startedAt).toBeGreaterThan(29);
    expect(received(program.receiver)).toHaveLength(made.length);
    expect(received(program.receiver)).not.toEqual(made);
    expect(new Set(received(program.receiver))).toEqual(new Set(made));
  });

  it('before_answer delivers an event before the call that caused it is answered', async () => {
    await program.subscribe();
    await disturb({ fault: 'before_answer', type: 'issuing_cardholder.created' });
    let answered = false;
    const seen: boolean[] = [];
    program.receiver.respond = async () => {
      // A receiver that reads back finds the object, though its maker has not heard of it yet.
      await program.stripe.issuing.cardholders.list();
      seen.push(answered);
      return {};
    };
    await program.cardholder().then(() => {
      answered = true;
    });
    expect(seen).toEqual([false]);
    await program.simulator.settle();
  });

  it('before_answer waits as long as its limit, so that nothing hangs', async () => {
    await program.subscribe({ url: other.url });
    await disturb({ fault: 'before_answer', limit_ms: 100 });
    other.respond = () => undefined;
    expect((await program.cardholder()).name).toBe('Jenny Rosen');
    expect((await audit()).total).toMatchObject({ sent: 1, pending: 1 });
  });

  it('before_answer waits also when the call ends in an error', async () => {
    await program.subscribe();
    await disturb({ fault: 'before_answer', type: 'issuing_cardholder.created' });
    await program.control('PUT', '/_sim/faults', { rules: [{ fault: 'error_after', count: 1 }] });
    let answered = false;
    const seen: boolean[] = [];
    program.receiver.respond = () => {
      seen.push(answered);
      return {};
    };
    await program.cardholder().catch(() => {
      answered = true;
    });
    expect([answered, seen]).toEqual([true, [false]]);
  });

  it('delay goes on after a snapshot was restored', async () => {
    const pending = async () => {
      const taken = await program.control('GET', '/_sim/snapshot');
      const { snapshot } = taken as unknown as {
        snapshot: { deliveries: { pending: { event: string; heldMs: number }[] } };
      };
      return { taken, held: snapshot.deliveries.pending };
    };
    await program.subscribe();
    await disturb({ fault: 'delay', delay_ms: 60_000, count: 1 });
    const late = await program.cardholder();
    const before = await pending();
    await program.control('POST', '/_sim/restore', before.taken);
    const second = await program.cardholder();
    await eventually(() => received(program.receiver).includes(second.id) || undefined);
    expect(received(program.receiver)).not.toContain(late.id);
    const { held } = await pending();
    expect(held).toMatchObject([{ event: before.held[0]?.event }]);
    expect(held[0]?.heldMs).toBeGreaterThan(30_000);
    // What is due at nearly the same time leaves together, so each time it is queued may add one such step.
    expect(held[0]?.heldMs).toBeLessThanOrEqual(60_000 + 2 * RESOLUTION_MS);
  });

  it('delay that is short is over soon after a restore', async () => {
    await program.subscribe();
    await disturb({ fault: 'delay', delay_ms: 300, count: 1 });
    const late = await program.cardholder();
    await program.control('POST', '/_sim/restore', await program.control('GET', '/_sim/snapshot'));
    await program.simulator.settle();
    expect(received(program.receiver)).toEqual([late.id]);
  });
});
