/** Signals, updates and continue-as-new: nothing is lost, nothing counts twice, and bad messages do no harm. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import type { CardFact } from '../../src/domain/card-facts.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { type CardWorld, seen } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => cards.abandon(world.cardId));

const verified = { kind: 'identity_verified' } as const;
const digest = (purchases: number): CardFact => ({
  kind: 'spending_digest',
  purchases,
  lastPurchaseMs: 1,
});
const handle = () => cards.env.client.workflow.getHandle(cardWorkflowId(world.cardId));

async function active(type: 'virtual' | 'physical' = 'virtual'): Promise<void> {
  world = await cards.inKyc(type);
  await cards.tell(world.cardId, verified);
  await world.inPhase('active');
}

const details = () => cards.details(world.cardId);

describe('continue as new', () => {
  test('a run under steady signals is renewed, and every fact is worked off and closed', async () => {
    world = await cards.requestedCard('virtual');
    await cards.startWith({ cardId: world.cardId, factsPerRunMax: 10 });
    const sent = [...(await cards.tell(world.cardId, verified))];
    await world.inPhase('active');
    for (let batch = 0; batch < 12; batch += 1) {
      const from = batch * 5;
      const facts = [1, 2, 3, 4, 5].map((n) => digest(from + n));
      sent.push(...(await cards.tell(world.cardId, ...facts)));
    }
    await cards.shows(world, (s) => s.phase === 'active' && s.purchases === 60);
    // Digests are closed with the next save.
    sent.push(...(await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: true })));
    await eventually(() => new Set(world.closedFactIds).size === sent.length);
    expect(new Set(world.closedFactIds)).toEqual(new Set(sent));
    expect((await handle().describe()).raw.workflowExecutionInfo?.firstRunId).not.toBe(
      (await handle().describe()).runId,
    );
    expect(world.loads).toBeGreaterThan(4);
  });

  test('facts that came in one batch above the cap are carried over, none is left behind', async () => {
    world = await cards.requestedCard('virtual');
    const facts = Array.from({ length: 25 }, (_, n) => digest(n + 1));
    await cards.startWith({ cardId: world.cardId, factsPerRunMax: 3 });
    const sent = await cards.tell(world.cardId, verified, ...facts);
    await eventually(() => new Set(world.closedFactIds).size === sent.length, {
      timeoutMs: 15_000,
    });
    expect((await world.inPhase('active')).phase).toBe('active');
  });

  test('an upgrade signal renews the run at the next safe point', async () => {
    await active();
    const before = (await handle().describe()).runId;
    await handle().signal('upgrade');
    await eventually(async () => (await handle().describe()).runId !== before);
    await cards.tell(world.cardId, digest(1));
    expect(await world.saved((s) => s.phase === 'active' && s.usage === 'spending')).toBe(
      world.state,
    );
  });

  test('an upgrade does not wait for an activity that cannot succeed', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.ensureVerification = (times) => {
      if (times < 3) throw new Error('Stripe is away');
      return { kind: 'verification_started' };
    };
    await cards.workflows.start(world.cardId);
    await eventually(() => world.calls.length > 0);
    const before = (await handle().describe()).runId;
    await handle().signal('upgrade');
    await eventually(async () => (await handle().describe()).runId !== before);
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
  });
});

describe('facts', () => {
  test('a fact that is sent twice counts once', async () => {
    world = await cards.inKyc('virtual');
    const failed = {
      factId: '900001',
      fact: { kind: 'identity_failed', code: 'abandoned' } as const,
    };
    await cards.workflows.sendFacts(world.cardId, [failed]);
    await world.saved((s) => s.phase === 'kyc' && s.step === 'failed');
    await cards.workflows.command(world.cardId, 'retryKyc', {}, 'retry-once');
    await cards.shows(
      world,
      (s) => s.phase === 'kyc' && s.kycAttempt === 2 && s.step === 'pending',
    );
    await cards.workflows.sendFacts(world.cardId, [failed]);
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(world.notes.filter((note) => note === 'identity_failed')).toHaveLength(1);
  });

  test('a fact that is sent twice counts once in the next run too', async () => {
    world = await cards.requestedCard('virtual');
    await cards.startWith({ cardId: world.cardId, factsPerRunMax: 1 });
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    const failed = {
      factId: '900002',
      fact: { kind: 'identity_failed', code: 'abandoned' } as const,
    };
    // The test server may lose what meets the end of a run; all that is sent here is for the next one.
    const nextRun = async (after: string) => {
      await eventually(async () => (await handle().describe()).runId !== after);
      return (await handle().describe()).runId;
    };
    const { runId } = await handle().describe();
    await cards.workflows.sendFacts(world.cardId, [failed]);
    await world.saved((s) => s.phase === 'kyc' && s.step === 'failed');
    const failedRun = await nextRun(runId);
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'failed');
    await cards.workflows.command(world.cardId, 'retryKyc', {}, 'retry-run');
    await cards.shows(
      world,
      (s) => s.phase === 'kyc' && s.kycAttempt === 2 && s.step === 'pending',
    );
    await nextRun(failedRun);
    await cards.workflows.sendFacts(world.cardId, [failed]);
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(world.notes.filter((note) => note === 'identity_failed')).toHaveLength(1);
  });

  test('signals that make no sense are shown on the details page and stop nothing', async () => {
    world = await cards.inKyc('virtual');
    await handle().signal('facts', 'not a list');
    await handle().signal('facts', [{ nonsense: true }, null]);
    await handle().signal('nobody_knows_this', { any: 'thing' });
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    await expect.poll(details).toContain('a signal "nobody_knows_this" that is not known');
    expect(await details()).toContain('a signal that holds no list of facts');
  });

  test('a fact of a kind that nobody knows is ignored and closed with the next save', async () => {
    world = await cards.inKyc('virtual');
    await handle().signal('facts', [{ factId: '900003', fact: { kind: 'from_the_future' } }]);
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(world.closedFactIds).toContain('900003');
  });
});

describe('commands', () => {
  test('a repeated update gets its first answer', async () => {
    world = await cards.inKyc('virtual');
    const { cardId } = world;
    const first = await cards.workflows.command(cardId, 'decideKyc', { approved: true }, 'same-id');
    await world.inPhase('active');
    const again = await cards.workflows.command(cardId, 'decideKyc', { approved: true }, 'same-id');
    expect(first).toEqual({ kind: 'accepted', phase: 'issuance' });
    expect(again).toEqual(first);
  });

  test('a repeated update gets its first answer in the next run too', async () => {
    world = await cards.inKyc('virtual');
    const { cardId } = world;
    const first = await cards.workflows.command(cardId, 'decideKyc', { approved: true }, 'same-id');
    await world.inPhase('active');
    const before = (await handle().describe()).runId;
    await handle().signal('upgrade');
    await eventually(async () => (await handle().describe()).runId !== before);
    const again = await cards.workflows.command(cardId, 'decideKyc', { approved: true }, 'same-id');
    expect(again).toEqual(first);
  });

  test('a command is answered only after its transition is saved', async () => {
    world = await cards.inKyc('virtual');
    const { cardId } = world;
    const answer = await cards.workflows.command(cardId, 'decideKyc', { approved: false }, 'd');
    expect(answer).toEqual({ kind: 'accepted', phase: 'closed' });
    expect(world.state.phase).toBe('closed');
  });

  test('a command that the phase does not allow is refused by name', async () => {
    world = await cards.inKyc('virtual');
    const { cardId } = world;
    const { workflows } = cards;
    expect(await workflows.command(cardId, 'confirmDelivery', {}, 'a')).toEqual({
      kind: 'refused',
      code: 'WRONG_PHASE',
      phase: 'kyc',
    });
  });

  test('a command of the wrong shape is rejected and changes nothing', async () => {
    world = await cards.inKyc('virtual');
    const before = world.saves.length;
    await expect(
      handle().executeUpdate('decideKyc', { args: [{ approved: 'yes' }] }),
    ).rejects.toThrow('Workflow Update failed');
    await expect(handle().executeUpdate('cancel', { args: [{ reason: 'bored' }] })).rejects.toThrow(
      'Workflow Update failed',
    );
    expect(world.saves).toHaveLength(before);
  });

  test('a command that starts the workflow waits for the load and is judged on the loaded state', async () => {
    world = await cards.requestedCard('virtual');
    const answer = await cards.workflows.command(
      world.cardId,
      'decideKyc',
      { approved: true },
      'x',
    );
    expect(answer).toEqual({ kind: 'accepted', phase: 'issuance' });
    await world.inPhase('active');
  });

  test('commands do not wait for Stripe', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.ensureVerification = () => {
      throw new Error('Stripe is away');
    };
    await cards.workflows.start(world.cardId);
    await eventually(() => world.calls.length > 0);
    const answer = await cards.workflows.command(
      world.cardId,
      'cancel',
      { reason: 'requested' },
      'c',
    );
    expect(answer).toEqual({ kind: 'accepted', phase: 'closed' });
    await cards.ended(world.cardId);
  });
});

describe('saving', () => {
  test('saves never overlap and their revisions only rise', async () => {
    world = await cards.inKyc('virtual');
    let under = 0;
    let most = 0;
    world.beforeSave = async () => {
      under += 1;
      most = Math.max(most, under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
    };
    await Promise.all([
      cards.tell(world.cardId, { kind: 'identity_failed', code: 'abandoned' }),
      cards.workflows.command(world.cardId, 'decideKyc', { approved: true }, 'd'),
      cards.tell(
        world.cardId,
        { kind: 'freeze_changed', frozen: true },
        { kind: 'freeze_changed', frozen: false },
      ),
    ]);
    await world.inPhase('active');
    expect(most).toBe(1);
    const revisions = world.saves.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
  });

  test('a state that another run has moved on is loaded again, and the facts are done again on it', async () => {
    await active();
    const last = world.saves.at(-1);
    if (last === undefined || world.state.phase !== 'active') throw new Error('not active');
    const state = { ...world.state, purchases: 7, usage: 'spending' } as const;
    world.saves.push({ ...last, revision: last.revision + 50, writer: 'another run', state });
    world.state = state;
    const [factId] = await cards.tell(world.cardId, digest(9));
    await eventually(() => world.loads === 2);
    await cards.shows(world, (s) => s.phase === 'active' && s.purchases === 9);
    await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: true });
    await world.saved((s) => s.freeze.mirrored);
    expect(world.closedFactIds).toContain(factId);
    expect(world.loads).toBe(2);
  });
});

describe('what people see', () => {
  test('the phase and the ids are search attributes, and the details page tells what is waited for', async () => {
    world = await cards.inKyc('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    await eventually(async () => {
      const { searchAttributes } = await handle().describe();
      return searchAttributes['CardPhase']?.[0] === 'awaiting_delivery';
    });
    const { searchAttributes } = await handle().describe();
    expect(searchAttributes).toMatchObject({
      CardTenant: ['ten_1'],
      CardholderId: ['chr_1'],
      StripeCardId: ['ic_1'],
      NeedsAttention: [false],
    });
    const page = await details();
    expect(page).toContain('## awaiting_delivery · pending');
    expect(page).toMatch(/waits for facts until \d{4}-\d\d-\d\dT.*, then delivery_reminder_due/);
    expect(page).toContain('ic_1');
  });

  test('a card that needs a person says so', async () => {
    world = await cards.inKyc('virtual');
    await cards.tell(world.cardId, { kind: 'identity_failed', code: 'document_expired' });
    await eventually(async () => {
      const { searchAttributes } = await handle().describe();
      return searchAttributes['NeedsAttention']?.[0] === true;
    });
    expect(await details()).toContain('**Needs a person:** kyc_failed document_expired');
  });

  test('the attributes are changed with the phase only', async () => {
    await active();
    for (const n of [1, 2, 3]) {
      await cards.tell(world.cardId, digest(n));
      await cards.shows(world, (s) => s.phase === 'active' && s.purchases === n);
    }
    await cards.tell(world.cardId, seen(1, { status: 'active' }));
    const { events } = await handle().fetchHistory();
    const upserts = events?.filter((e) => e.upsertWorkflowSearchAttributesEventAttributes) ?? [];
    // The first load, issuance, activation and active.
    expect(upserts.length).toBeLessThanOrEqual(4);
  });
});
