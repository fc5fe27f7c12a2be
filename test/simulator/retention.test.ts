import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Program, refusal, startProgram } from './program.ts';

const DAY = 86_400;
const advance = (program: Program, days: number) =>
  program.control('POST', '/_sim/clock/advance', { seconds: days * DAY });

/** Ids that the simulator still has, by kind. */
async function held(program: Program) {
  const { issuing } = program.stripe;
  const ids = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id);
  return {
    authorizations: ids(await issuing.authorizations.list()),
    transactions: ids(await issuing.transactions.list()),
  };
}

describe('with retention', () => {
  it('finished authorizations go with their transactions; open and fresh ones stay', async () => {
    const program = await startProgram({ clock: 'virtual', retentionDays: 3 });
    try {
      const { authorizations, transactions } = program.stripe.testHelpers.issuing;
      const card = await program.card();
      const hold = () => authorizations.create({ card: card.id, amount: 500 });
      const closed = await hold();
      await authorizations.capture(closed.id);
      const open = await hold();
      const late = await hold();
      await transactions.createForceCapture({
        card: card.id,
        amount: 100,
        merchant_data: { category: 'bakeries' },
      });
      await advance(program, 2);
      await authorizations.capture(late.id);
      expect((await held(program)).transactions).toHaveLength(3);
      await advance(program, 2);
      expect((await held(program)).authorizations).toEqual([late.id, open.id]);
      expect((await held(program)).transactions).toHaveLength(1);
      const missing = await refusal(program.stripe.issuing.authorizations.retrieve(closed.id));
      expect(missing.statusCode).toBe(404);
      await advance(program, 2);
      expect(await held(program)).toEqual({ authorizations: [open.id], transactions: [] });
      // Its validity ends after seven days; only then its time begins to count.
      await advance(program, 2);
      expect(await held(program)).toEqual({ authorizations: [], transactions: [] });
    } finally {
      await program.close();
    }
  });

  it('what was spent counts for limits of all time, also after a restart', async () => {
    const options = {
      clock: 'virtual',
      retentionDays: 1,
      stateFile: join(await temporaryFolder(), 'state.json'),
    } as const;
    const first = await startProgram(options);
    const card = await first.card({
      spending_controls: { spending_limits: [{ amount: 1_000, interval: 'all_time' }] },
    });
    const { authorizations } = first.stripe.testHelpers.issuing;
    const spent = await authorizations.create({ card: card.id, amount: 700 });
    await authorizations.capture(spent.id);
    await advance(first, 3);
    expect(await held(first)).toEqual({ authorizations: [], transactions: [] });
    const pay = (program: Program, amount: number) =>
      program.stripe.testHelpers.issuing.authorizations.create({ card: card.id, amount });
    expect(await pay(first, 400)).toMatchObject({ approved: false });
    await first.close();
    const second = await startProgram(options);
    try {
      expect(await pay(second, 400)).toMatchObject({ approved: false });
      expect(await pay(second, 300)).toMatchObject({ approved: true });
    } finally {
      await second.close();
    }
  });

  it('things go on to be dropped after a restore to an earlier time', async () => {
    const program = await startProgram({ clock: 'virtual', retentionDays: 3 });
    try {
      const taken = await program.control('GET', '/_sim/snapshot');
      await advance(program, 300);
      await program.control('POST', '/_sim/restore', taken);
      const card = await program.card();
      const { authorizations } = program.stripe.testHelpers.issuing;
      const { id } = await authorizations.create({ card: card.id, amount: 500 });
      await authorizations.capture(id);
      await advance(program, 5);
      expect(await held(program)).toEqual({ authorizations: [], transactions: [] });
    } finally {
      await program.close();
    }
  });
});

it('without retention everything is kept', async () => {
  const program = await startProgram({ clock: 'virtual' });
  try {
    const card = await program.card();
    const { authorizations } = program.stripe.testHelpers.issuing;
    const { id } = await authorizations.create({ card: card.id, amount: 500 });
    await authorizations.capture(id);
    await advance(program, 400);
    expect((await held(program)).authorizations).toEqual([id]);
  } finally {
    await program.close();
  }
});
