/** Replacing a card: committed in Postgres before the answer, with Temporal down too. */
import { Card } from '../../../client/schemas/card.ts';
import { Replace } from '../../../client/schemas/card-command.ts';
import { parcelProblems } from '../../../domain/card-request-rules.ts';
import { parseCardId } from '../../../domain/ids.ts';
import type { AfterCommit } from '../after-commit.ts';
import { answerOnce } from '../answer-once.ts';
import { refuse } from '../check-holder.ts';
import { found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { type Replaced, replaceCard } from '../replace-card.ts';
import { IdParams, pathId } from './path-id.ts';

export function cardReplacementRoutes(
  app: App,
  { answers, clock }: IngressPorts,
  afterCommit: AfterCommit,
): void {
  app.post(
    '/v1/cards/:id/replace',
    {
      schema: {
        operationId: 'replaceCard',
        summary: 'Requests a card in the place of this one, once; answers the new card',
        description:
          'A lost or stolen card is declined from the next purchase on once this has answered, and so is a card that ' +
          'was on its way with the same number. A damaged or expiring one is spent from until its replacement is active.' +
          ' Accepted also while Temporal is down.',
        tags: ['Cards'],
        params: IdParams,
        body: Replace,
        response: { 202: Card },
      },
    },
    async ({ params, body: { reason, shipping: address } }, reply) => {
      const cardId = pathId(parseCardId, params.id, 'CARD_NOT_FOUND');
      if (address !== undefined) refuse(parcelProblems(address, 'shipping.'));
      const shipping = address === undefined ? null : { service: 'standard' as const, ...address };
      const told: Replaced['told'][number][] = [];
      const { body, repeated } = await answerOnce(answers, reply, 202, async (records) => {
        const current = found(await records.controls.lock(cardId), 'CARD_NOT_FOUND');
        if (current.type === 'virtual' && shipping !== null) {
          throw invalidField('shipping', 'is for physical cards');
        }
        const at = new Date(clock.nowMs());
        const replaced = await replaceCard(records, current, { reason, shipping, at });
        told.push(...replaced.told);
        return replaced.card;
      });
      const startedNow =
        !repeated && !body.workflowStarted && (await afterCommit.startWorkflow(body));
      for (const { cardId: id, fact } of told) await afterCommit.sendFact(id, fact);
      return reply.code(202).send({ ...body, workflowStarted: body.workflowStarted || startedNow });
    },
  );
}
