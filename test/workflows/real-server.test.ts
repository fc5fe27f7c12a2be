/** What only a real server shows: search, details pages, races with activities, and a server that is gone. */
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCardWorkflows } from '../../src/adapters/temporal/card-workflows.ts';
import { createTemporalClient } from '../../src/adapters/temporal/connection.ts';
import {
  checkSearchAttributes,
  SearchAttributesMissingError,
} from '../../src/adapters/temporal/search-attributes.ts';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import { WorkflowsUnavailableError } from '../../src/ports/card-workflows.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createRealEnvironment } from './card-environment.ts';
import { stripeCardOf } from './card-world.ts';

let cards: CardEnvironment;

beforeAll(async () => {
  cards = await createRealEnvironment();
}, 60_000);
afterAll(() => cards.close());

test('a card is found by its phase, and its details page can be read', async () => {
  const world = await cards.inKyc('virtual');
  await cards.tell(world.cardId, { kind: 'identity_verified' });
  await world.inPhase('active');
  const query = `CardPhase = "active" and CardTenant = "ten_1" and StripeCardId = "ic_1"`;
  const found = async (): Promise<boolean> => {
    for await (const { workflowId } of cards.env.client.workflow.list({ query })) {
      if (workflowId === cardWorkflowId(world.cardId)) return true;
    }
    return false;
  };
  await eventually(found);
  const page = await cards.details(world.cardId);
  expect(page).toContain('## active · unused');
  expect(page).toContain('| card_created | moved to activation |');
});

test('facts are answered with the run that has taken them', async () => {
  const world = await cards.inKyc('virtual');
  const runId = await cards.workflows.sendFacts(world.cardId, [
    { factId: '1', fact: { kind: 'identity_verified' } },
  ]);
  const handle = cards.env.client.workflow.getHandle(cardWorkflowId(world.cardId));
  expect(runId).toBe((await handle.describe()).runId);
});

test('cancelling while an activity ends is answered at once, every time', async () => {
  for (let round = 0; round < 15; round += 1) {
    const world = await cards.requestedCard('virtual');
    world.answers.activateCard = () => ({ kind: 'activation_refused', code: 'under_review' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, { kind: 'identity_verified' });
    await world.inPhase('activation');
    const answer = await cards.workflows.command(
      world.cardId,
      'cancel',
      { reason: 'lost' },
      `c-${round}`,
    );
    expect(answer).toEqual({ kind: 'accepted', phase: 'winding_down' });
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    expect(world.state).toMatchObject({ stripeCardId: stripeCardOf(1) });
  }
});

test('a call that fails after the card has moved on does not fail the card', async () => {
  const world = await cards.requestedCard('virtual');
  let fail = (): void => {};
  const failing = new Promise<never>((_, reject) => {
    fail = () => reject(new Error('Stripe is away'));
  });
  world.answers.issueCard = () => failing;
  await cards.workflows.start(world.cardId);
  await cards.tell(world.cardId, { kind: 'identity_verified' });
  await eventually(() => world.calls.includes('issueCard'));
  await cards.workflows.command(world.cardId, 'cancel', { reason: 'requested' }, 'c-failing');
  // The server does not repeat what it was asked to cancel: the failure is the end of the activity.
  await eventually(async () =>
    (await cards.history(world.cardId)).includes('ACTIVITY_TASK_CANCEL_REQUESTED'),
  );
  fail();
  await cards.ended(world.cardId);
  expect(world.state).toMatchObject({ phase: 'closed', reason: 'canceled' });
});

test('a start leaves a running workflow alone', async () => {
  const world = await cards.inKyc('virtual');
  await cards.workflows.start(world.cardId);
  await cards.tell(world.cardId, { kind: 'identity_verified' });
  await world.inPhase('active');
  expect(world.loads).toBe(1);
});

test('the search attributes are there, and where they are not the error says how to make them', async () => {
  const connection = await NativeConnection.connect({ address: cards.env.address });
  try {
    await checkSearchAttributes(connection, 'default');
    await cards.env.connection.workflowService.registerNamespace({
      namespace: 'bare',
      workflowExecutionRetentionPeriod: msToTs('24h'),
    });
    const error = await eventually(() =>
      checkSearchAttributes(connection, 'bare').then(
        () => undefined,
        (reason: unknown) => (reason instanceof SearchAttributesMissingError ? reason : undefined),
      ),
    );
    expect(error.message).toContain(
      'temporal operator search-attribute create --namespace bare --name CardPhase --type Keyword',
    );
  } finally {
    await connection.close();
  }
});

test('with the server gone every call fails within 3 s and says so', async () => {
  const gone = createTemporalClient({ address: '127.0.0.1:1', namespace: 'default' });
  const workflows = createCardWorkflows(gone.client);
  const world = await cards.requestedCard('virtual');
  const startedMs = performance.now();
  const calls = await Promise.allSettled([
    workflows.start(world.cardId),
    workflows.command(world.cardId, 'retryKyc', {}, 'x'),
    workflows.sendFacts(world.cardId, [{ factId: '1', fact: { kind: 'identity_verified' } }]),
  ]);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  for (const call of calls) {
    expect(call.status === 'rejected' && call.reason).toBeInstanceOf(WorkflowsUnavailableError);
  }
  await gone.close();
});
