/**
 * Records the histories that the replay test keeps, on a real server. Run it after a change of the workflow, with
 * RECORD_HISTORIES=1 npx vitest run; vitest.config.ts then takes this file in place of the tests.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createRealEnvironment } from '../workflows/card-environment.ts';
import { type CardWorld, seen } from '../workflows/card-world.ts';

/** Raised with each set that is recorded, so that sets of earlier code stay beside it. */
const GENERATION = '0001';
const directory = join(import.meta.dirname, 'histories');
const verified = { kind: 'identity_verified' } as const;

interface RecordedHistory {
  readonly events: {
    readonly eventId: string;
    readonly eventTime: string;
    readonly eventType: string;
  }[];
}

/** An error in the last task of a history goes unnoticed, so one more task is added behind it. */
function withTaskBehind(text: string): RecordedHistory {
  const history = JSON.parse(text) as RecordedHistory;
  const last = history.events.at(-1);
  if (last === undefined) throw new Error('an empty history');
  const next = (offset: number, eventType: string, attributes: object) => ({
    eventId: String(Number(last.eventId) + offset),
    eventTime: last.eventTime,
    eventType,
    ...attributes,
  });
  const scheduledEventId = String(Number(last.eventId) + 1);
  history.events.push(
    next(1, 'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED', {
      workflowTaskScheduledEventAttributes: { taskQueue: { name: 'cards' }, attempt: 1 },
    }),
    next(2, 'EVENT_TYPE_WORKFLOW_TASK_STARTED', {
      workflowTaskStartedEventAttributes: { scheduledEventId, identity: 'worker' },
    }),
  );
  return history;
}

describe('recording', () => {
  let cards: CardEnvironment;

  beforeAll(async () => {
    cards = await createRealEnvironment();
    await mkdir(directory, { recursive: true });
  }, 60_000);
  afterAll(() => cards.close());

  async function keep(name: string, world: CardWorld): Promise<void> {
    const handle = cards.env.client.workflow.getHandle(cardWorkflowId(world.cardId));
    // A history taken in the middle of a task cannot be replayed.
    await eventually(async () => {
      const { pendingActivities, pendingWorkflowTask } = (await handle.describe()).raw;
      return (pendingActivities ?? []).length === 0 && !pendingWorkflowTask;
    });
    const text = await cards.history(world.cardId);
    // Workers are named after the machine they run on.
    const history = withTaskBehind(text.replaceAll(/"identity": "[^"]*"/g, '"identity": "worker"'));
    expect(history.events.length).toBeGreaterThan(20);
    const path = join(directory, `${GENERATION}-${name}.json`);
    await writeFile(path, `${JSON.stringify(history, null, 1)}\n`);
  }

  test('a virtual card that fails KYC once, is frozen, spends and is cancelled', async () => {
    const world = await cards.inKyc('virtual');
    await cards.tell(world.cardId, { kind: 'identity_failed', code: 'document_expired' });
    await world.saved((s) => s.phase === 'kyc' && s.step === 'failed');
    await cards.workflows.command(world.cardId, 'retryKyc', {}, 'retry');
    await cards.shows(
      world,
      (s) => s.phase === 'kyc' && s.step === 'pending' && s.kycAttempt === 2,
    );
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: true });
    await world.saved((s) => s.freeze.mirrored);
    await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: false });
    await world.saved((s) => !s.freeze.mirrored);
    await cards.tell(world.cardId, { kind: 'spending_digest', purchases: 3, lastPurchaseMs: 1 });
    await cards.shows(world, (s) => s.phase === 'active' && s.purchases === 3);
    await cards.workflows.command(world.cardId, 'cancel', { reason: 'lost' }, 'cancel');
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await keep('virtual', world);
  });

  test('a physical card that is returned and issued again', async () => {
    const world = await cards.inKyc('physical');
    await cards.workflows.command(world.cardId, 'decideKyc', { approved: true }, 'decide');
    await world.inPhase('awaiting_delivery');
    await cards.tell(world.cardId, seen(1, { shippingStatus: 'returned' }));
    await world.saved((s) => s.phase === 'issuance' && s.step === 'await_address');
    await cards.workflows.command(world.cardId, 'correctShipping', {}, 'address');
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.attempt === 2);
    await cards.workflows.command(world.cardId, 'confirmDelivery', {}, 'confirm');
    await world.inPhase('active');
    await keep('reissued', world);
  });

  test('a run that goes on from an earlier one', async () => {
    const world = await cards.inKyc('virtual');
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    const client = cards.env.client.workflow;
    await client.getHandle(`card/${world.cardId}`).signal('upgrade');
    await eventually(() => world.loads === 2);
    for (const purchases of [1, 2, 3]) {
      await cards.tell(world.cardId, { kind: 'spending_digest', purchases, lastPurchaseMs: 1 });
      await cards.shows(world, (s) => s.phase === 'active' && s.purchases === purchases);
    }
    await keep('continued', world);
  });
});
