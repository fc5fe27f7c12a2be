import { afterAll, beforeAll, test } from 'vitest';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
let cards: CardEnvironment;
beforeAll(async () => { cards = await createCardEnvironment(); }, 60_000);
afterAll(() => cards.close());
test('x', async () => {
  for (let i = 0; i < 60; i++) {
    const world = await cards.requestedCard('virtual');
    world.answers.activateCard = () => ({ kind: 'activation_refused', code: 'under_review' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, { kind: 'identity_verified' });
    await world.inPhase('activation');
    const h = cards.env.client.workflow.getHandle(`card/${world.cardId}`);
    try { await cards.workflows.command(world.cardId, 'cancel', { reason: 'stolen' }, `c-${world.cardId}`); }
    catch (e) {
      console.log(String(e), i, world.calls, world.state);
      const hist = await h.fetchHistory();
      console.log(JSON.stringify(hist.events?.map((e) => [Number(e.eventId), e.eventType, e.eventTime?.seconds?.toString().slice(-3)+'.'+String(e.eventTime?.nanos).slice(0,3), e.activityTaskScheduledEventAttributes?.activityType?.name, e.workflowTaskFailedEventAttributes?.failure?.message, e.activityTaskCanceledEventAttributes])));
      break;
    }
    await cards.abandon(world.cardId);
  }
}, 120000);
