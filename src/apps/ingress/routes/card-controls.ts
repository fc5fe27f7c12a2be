/** Freeze, unfreeze, cancel: committed in Postgres before the answer, with Temporal down too. */
import type { TSchema } from 'typebox';
import { Card } from '../../../client/schemas/card.ts';
import { Cancel, Freeze, Unfreeze } from '../../../client/schemas/card-command.ts';
import type { NumberedFact } from '../../../domain/card-contract.ts';
import { parseCardId } from '../../../domain/ids.ts';
import type { Card as CardRecord } from '../../../ports/cards.ts';
import type { Records } from '../../../ports/records.ts';
import type { AfterCommit } from '../after-commit.ts';
import { answerOnce } from '../answer-once.ts';
import { checkPhase } from '../command-phases.ts';
import { ApiError, found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pathId } from './path-id.ts';

const NO_REASON = 'not given';
const AT_ONCE =
  'In force for the next purchase once this has answered, with Temporal, the worker and Stripe unreachable too.';
/** Stripe declines purchases on a card that is not active without asking us. */
const LIFTED =
  'We decline for this freeze no more once this has answered. Stripe declines on until its status has followed: a moment ' +
  'later, or when the workflow and Stripe can be reached again.';

/** Writes the change to the locked card; null when it is as wanted already. */
type Change = (records: Records, card: CardRecord) => Promise<NumberedFact | null>;

export function cardControlRoutes(app: App, ports: IngressPorts, afterCommit: AfterCommit): void {
  const { answers, clock } = ports;
  const schema = <B extends TSchema>(
    operationId: string,
    summary: string,
    body: B,
    description = AT_ONCE,
  ) => ({
    operationId,
    summary,
    tags: ['Cards'],
    description,
    params: IdParams,
    body,
    response: { 202: Card },
  });

  /** Commits the change under the locks of account and card, then tells the workflow if it can. */
  async function commit(
    reply: Parameters<typeof answerOnce>[1],
    id: string,
    change: Change,
  ): Promise<CardRecord> {
    const cardId = pathId(parseCardId, id, 'CARD_NOT_FOUND');
    const written: NumberedFact[] = [];
    const { body } = await answerOnce(answers, reply, 202, async (records) => {
      const card = found(await records.controls.lock(cardId), 'CARD_NOT_FOUND');
      const fact = await change(records, card);
      if (fact !== null) written.push(fact);
      return found(await records.cards.find(cardId), 'CARD_NOT_FOUND');
    });
    for (const fact of written) await afterCommit.sendFact(cardId, fact);
    return body;
  }

  app.post(
    '/v1/cards/:id/freeze',
    { schema: schema('freezeCard', 'Stops purchases at once', Freeze) },
    async ({ params, body: { by = 'operator', reason = NO_REASON } }, reply) => {
      const card = await commit(reply, params.id, async ({ controls }, current) => {
        checkPhase(current, 'freeze');
        return controls.freeze(current, { by, reason });
      });
      return reply.code(202).send(card);
    },
  );

  app.post(
    '/v1/cards/:id/unfreeze',
    { schema: schema('unfreezeCard', 'Lifts one freeze; others stand', Unfreeze, LIFTED) },
    async ({ params, body: { by = 'operator', reason = NO_REASON } }, reply) => {
      const card = await commit(reply, params.id, async ({ controls }, current) => {
        checkPhase(current, 'unfreeze');
        const stands = Object.hasOwn(current.freezes, by);
        return stands ? controls.unfreeze(current, { by, reason }) : null;
      });
      return reply.code(202).send(card);
    },
  );

  app.post(
    '/v1/cards/:id/cancel',
    { schema: schema('cancelCard', 'Ends a card for good', Cancel) },
    async ({ params, body }, reply) => {
      const card = await commit(reply, params.id, async ({ controls }, current) => {
        checkPhase(current, 'cancel');
        const { cancelRequested, phase } = current;
        if (cancelRequested !== null)
          throw new ApiError('ALREADY_CANCELED', { phase, ...cancelRequested });
        return controls.requestCancel(current, body.reason ?? 'requested', new Date(clock.nowMs()));
      });
      return reply.code(202).send(card);
    },
  );
}
