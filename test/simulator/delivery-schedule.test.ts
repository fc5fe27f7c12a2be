/**
 * When deliveries are repeated: on a virtual clock, with a receiver that writes down the simulator time of each
 * attempt, so that a schedule of days takes no time and is known to the millisecond.
 */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulator, type SimulatorOptions } from '../../src/simulator/index.ts';
import { nextWaitSeconds } from '../../src/simulator/webhooks/retry-schedule.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connect, type Program, startProgram, startReceiver } from './program.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) await program.close();
});

async function start(options: Partial<SimulatorOptions>): Promise<Program> {
  const program = await startProgram({ clock: 'virtual', ...options });
  running.push(program);
  return program;
}

const advance = (program: Program, seconds: number) =>
  program.control('POST', '/_sim/clock/advance', { seconds });

/** Makes the receiver fail until told otherwise. Collects seconds since the first attempt, by simulator time. */
async function failing(program: Program): Promise<{ offsets: () => number[]; status: number }> {
  const times: number[] = [];
  const state = {
    status: 500,
    offsets: () => times.map((time) => time - (times[0] ?? 0)),
  };
  program.receiver.respond = async () => {
    const { now } = await program.control('GET', '/_sim/health');
    times.push(Number(now));
    return { status: state.status };
  };
  return state;
}

const endpointAudit = async (program: Program) => {
  const { endpoints } = (await program.control('GET', '/_sim/audit')) as {
    endpoints: Record<string, unknown>[];
  };
  return endpoints[0];
};

describe('a delivery that fails', () => {
  it.each([
    ['sandbox', [0, 10 * MINUTE, 70 * MINUTE, 190 * MINUTE]],
    ['live', [0, ...Array.from({ length: 12 }, (_, step) => MINUTE * (2 ** (step + 1) - 1))]],
    [
      [5, 10],
      [0, 5, 15],
    ],
  ] as const)(
    'is repeated at the moments of the schedule %j, and then given up',
    async (retrySchedule, expected) => {
      const program = await start({ retrySchedule });
      await program.subscribe();
      const { offsets } = await failing(program);
      await program.cardholder();
      await advance(program, 4 * DAY);
      expect(offsets()).toEqual(expected);
      expect(await endpointAudit(program)).toMatchObject({
        sent: expected.length,
        answered: { '5xx': expected.length },
        retried: expected.length - 1,
        given_up: 1,
        pending: 0,
      });
      const lost = await program.stripe.events.list({ delivery_success: false });
      expect(lost.data).toMatchObject([{ pending_webhooks: 1 }]);
    },
  );

  it('is repeated quickly and then once a minute for three days with the schedule fast', async () => {
    const program = await start({ retrySchedule: 'fast' });
    await program.subscribe();
    const { offsets } = await failing(program);
    await program.cardholder();
    await advance(program, 10 * MINUTE);
    // Shown in whole seconds: 0, 0.2, 1.2, 6.2, 36.2, 96.2, ...
    expect(offsets().slice(0, 7)).toEqual([0, 0, 1, 6, 36, 96, 156]);
    expect(offsets()).toHaveLength(14);
    expect(nextWaitSeconds('fast', 4_000, 3 * DAY - 61)).toBe(60);
    expect(nextWaitSeconds('fast', 4_000, 3 * DAY - 59)).toBeUndefined();
  });

  it('stands still with a virtual clock until the clock is advanced to its moment', async () => {
    const program = await start({ retrySchedule: [60] });
    await program.subscribe();
    const state = await failing(program);
    await program.cardholder();
    await advance(program, 59);
    expect(state.offsets()).toEqual([0]);
    state.status = 200;
    await advance(program, 1);
    expect(state.offsets()).toEqual([0, 60]);
    expect(await endpointAudit(program)).toMatchObject({
      answered: { '2xx': 1, '5xx': 1 },
      given_up: 0,
      pending: 0,
    });
  });

  it('is repeated by itself with a real clock, and when that is advanced', async () => {
    const program = await start({ clock: 'real', retrySchedule: [0.05, 3_600] });
    await program.subscribe();
    const state = await failing(program);
    await program.cardholder();
    await eventually(() => state.offsets().length === 2);
    state.status = 200;
    await advance(program, 3_601);
    expect(state.offsets()).toHaveLength(3);
    await program.simulator.settle();
  });

  it('counts as timed out when it is not answered in time, and time moves on', async () => {
    const program = await start({ retrySchedule: [60], deliveryTimeoutMs: 50 });
    await program.subscribe();
    program.receiver.respond = () => undefined;
    await program.cardholder();
    await advance(program, 61);
    expect(await endpointAudit(program)).toMatchObject({ sent: 2, timed_out: 2, given_up: 1 });
  });

  it('does not keep a leap of the clock waiting for long', async () => {
    const program = await start({ retrySchedule: [60], leapWaitMs: 50 });
    await program.subscribe();
    program.receiver.respond = () => undefined;
    const card = await program.card();
    for (let made = 0; made < 3; made += 1) {
      const helpers = program.stripe.testHelpers.issuing.authorizations;
      await helpers.create({ card: card.id, amount: 100 });
      await advance(program, 60);
    }
    // With a wait of 30 s for each answer, this would outlast the test.
    await advance(program, 8 * 86_400);
    const { data } = await program.stripe.issuing.authorizations.list({ status: 'expired' });
    expect(data).toHaveLength(3);
  });

  it('goes on with its schedule after a restart', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const options = { stateFile, clock: 'virtual', retrySchedule: 'sandbox' } as const;
    const first = await startProgram(options);
    const port = Number(new URL(first.receiver.url).port);
    await first.subscribe();
    const { offsets } = await failing(first);
    await first.cardholder();
    await advance(first, HOUR);
    expect(offsets()).toEqual([0, 10 * MINUTE]);
    await first.close();

    const receiver = await startReceiver(port);
    const second = createSimulator(options);
    await second.listen();
    try {
      const pass = (seconds: number) =>
        fetch(`${second.url}/_sim/clock/advance`, {
          method: 'POST',
          body: JSON.stringify({ seconds }),
        });
      await pass(10 * MINUTE - 1);
      expect(receiver.received).toEqual([]);
      await pass(1);
      expect(receiver.types()).toEqual(['issuing_cardholder.created']);
      const { data } = await connect(second).events.list({ delivery_success: false });
      expect(data).toEqual([]);
    } finally {
      await second.close();
      await receiver.close();
    }
  });
});

describe('an endpoint that failed for a whole schedule', () => {
  const OPTIONS = { retrySchedule: [60, 60], disableEndpoints: 'always' } as const;

  it('is disabled, gets nothing, and gets new events once it is enabled again', async () => {
    const program = await start(OPTIONS);
    const endpoint = await program.subscribe();
    const state = await failing(program);
    await program.cardholder();
    await advance(program, 90);
    await program.cardholder();
    await advance(program, 30);
    const { webhookEndpoints, events } = program.stripe;
    expect(await webhookEndpoints.retrieve(endpoint.id)).toMatchObject({ status: 'disabled' });
    expect(await endpointAudit(program)).toMatchObject({ sent: 4, given_up: 2, pending: 0 });
    await program.cardholder();
    state.status = 200;
    await webhookEndpoints.update(endpoint.id, { disabled: false });
    await advance(program, HOUR);
    expect(program.receiver.received).toHaveLength(4);
    const last = await program.cardholder();
    await program.simulator.settle();
    expect(program.receiver.received.at(-1)?.event.data.object).toMatchObject({ id: last.id });
    expect(program.receiver.received).toHaveLength(5);
    expect((await events.list({ delivery_success: false })).data).toHaveLength(2);
  });

  it('stays enabled when anything succeeded meanwhile', async () => {
    const program = await start(OPTIONS);
    const endpoint = await program.subscribe();
    const state = await failing(program);
    await program.cardholder();
    await advance(program, 30);
    state.status = 200;
    await program.cardholder();
    await eventually(async () => (await endpointAudit(program))?.pending === 1);
    state.status = 500;
    await advance(program, HOUR);
    expect(await endpointAudit(program)).toMatchObject({ given_up: 1 });
    expect(await program.stripe.webhookEndpoints.retrieve(endpoint.id)).toMatchObject({
      status: 'enabled',
    });
  });

  it.each([
    ['live', 'live', 'disabled'],
    ['live', 'sandbox', 'enabled'],
    ['never', 'live', 'enabled'],
  ] as const)(
    'with the policy %s and the schedule %s is %s',
    async (disableEndpoints, retrySchedule, status) => {
      const program = await start({ disableEndpoints, retrySchedule });
      const endpoint = await program.subscribe();
      await failing(program);
      await program.cardholder();
      await advance(program, 3 * DAY);
      expect(await program.stripe.webhookEndpoints.retrieve(endpoint.id)).toMatchObject({ status });
    },
  );
});
