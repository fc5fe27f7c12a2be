/** When a hold ends by itself, however late or by which way it was opened, and what can still be captured then. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Program, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

const DAY_SECONDS = 86_400;

let program: Program;
let card: { id: string };
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual', validityDays: 7 });
  card = await program.card();
});
afterEach(() => program.close());

const helpers = () => program.stripe.testHelpers.issuing.authorizations;
const buy = (params: object = {}) => helpers().create({ card: card.id, amount: 1_000, ...params });
const retrieve = (id: string) => program.stripe.issuing.authorizations.retrieve(id);
const pass = (days: number) =>
  program.control('POST', '/_sim/clock/advance', { seconds: days * DAY_SECONDS });
const asked = () =>
  eventually(() => {
    const event = program.receiver.events('issuing_authorization.request').at(-1);
    return event === undefined ? undefined : (event.data.object as { id: string }).id;
  });

describe('a hold', () => {
  it('that was reversed and made again after a restore expires at the end of its validity', async () => {
    const { id } = await buy();
    await helpers().reverse(id);
    await program.control('POST', '/_sim/restore', await program.control('GET', '/_sim/snapshot'));
    expect(await helpers().increment(id, { increment_amount: 500 })).toMatchObject({
      status: 'pending',
      amount: 500,
    });
    await pass(6);
    expect((await retrieve(id)).status).toBe('pending');
    await pass(1);
    expect(await retrieve(id)).toMatchObject({ status: 'expired', amount: 500 });
  });

  it('expires at once when its approval comes after its validity', async () => {
    await program.subscribe();
    await program.decideWith(() => undefined);
    const bought = buy();
    const id = await asked();
    await pass(8);
    expect(await program.stripe.issuing.authorizations.approve(id)).toMatchObject({
      approved: true,
      status: 'expired',
    });
    expect(await bought).toMatchObject({ status: 'expired', amount: 1_000 });
    expect((await told(program, 'issuing_authorization.')).map(({ type }) => type)).toEqual([
      'authorization.request',
      'authorization.created',
      'authorization.updated',
    ]);
  });

  it('cannot be captured before it is decided', async () => {
    await program.decideWith(() => undefined);
    const bought = buy();
    const id = await asked();
    const error = await refusal(helpers().capture(id, { capture_amount: 300 }));
    expect(error.statusCode).toBe(400);
    await program.stripe.issuing.authorizations.approve(id);
    expect(await bought).toMatchObject({ status: 'pending', amount: 1_000, transactions: [] });
  });

  it('shows what can still be captured once it has expired', async () => {
    const { id } = await buy();
    await helpers().expire(id);
    expect(await helpers().capture(id, { capture_amount: 300 })).toMatchObject({
      status: 'expired',
      amount: 700,
      merchant_amount: 700,
    });
    const rest = await helpers().capture(id);
    expect(rest).toMatchObject({ status: 'expired', amount: 0 });
    expect(rest.transactions.map(({ amount }) => amount)).toEqual([-300, -700]);
    expect((await refusal(helpers().capture(id))).param).toBe('capture_amount');
    const above = await helpers().capture(id, { capture_amount: 50 });
    expect(above).toMatchObject({ amount: 0, transactions: [{}, {}, { amount: -50 }] });
  });
});
