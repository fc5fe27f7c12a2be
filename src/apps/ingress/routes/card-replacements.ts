/** Replacing a card: committed in Postgres before the answer, with Temporal down too. */
import { Card } from '../../../client/schemas/card.ts';
import type { Replace as ReplaceBody } from '../../../client/schemas/card-command.ts';
import { Replace } from '../../../client/schemas/card-command.ts';
import type { NumberedFact } from '../../../domain/card-contract.ts';
import { type CardId, parseCardId } from '../../../domain/ids.ts';
import { REPLACEABLE_IN, replacementVerdict } from '../../../domain/replacement-rules.ts';
import type { Card as CardRecord, NewReplacement } from '../../../ports/cards.ts';
import type { Records } from '../../../ports/records.ts';
import type { AfterCommit } from '../after-commit.ts';
import { answerOnce } from '../answer-once.ts';
import { ApiError, found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { newId } from '../new-id.ts';
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
          'A lost or stolen card is declined from the next purchase on once this has answered. A damaged or expiring ' +
          'one is spent from until its replacement is active. Accepted also while Temporal is down.',
        tags: ['Cards'],
        params: IdParams,
        body: Replace,
        response: { 202: Card },
      },
    },
    async ({ params, body: wanted }, reply) => {
      const cardId = pathId(parseCardId, params.id, 'CARD_NOT_FOUND');
      const told: NumberedFact[] = [];
      const { body, repeated } = await answerOnce(answers, reply, 202, async (records) => {
        const current = found(await records.controls.lock(cardId), 'CARD_NOT_FOUND');
        const made = await replacementOf(records, current, wanted);
        const at = new Date(clock.nowMs());
        const { card, facts } = await records.replacements.replace(current, made, at);
        told.push(...facts);
        return card;
      });
      const startedNow = !repeated && (await afterCommit.startWorkflow(body));
      for (const fact of told) await afterCommit.sendFact(cardId, fact);
      return reply.code(202).send({ ...body, workflowStarted: body.workflowStarted || startedNow });
    },
  );
}

/** The replacement of a locked card, or a refusal. */
async function replacementOf(
  records: Records,
  card: CardRecord,
  { reason, shipping }: ReplaceBody,
): Promise<NewReplacement> {
  const { phase, replacedBy } = card;
  if (card.type === 'virtual' && shipping !== undefined) {
    throw invalidField('shipping', 'is for physical cards');
  }
  const verdict = replacementVerdict(
    {
      phase,
      hasStripeCard: card.stripeCard !== null,
      cancelRequested: card.cancelRequested?.reason ?? null,
      replacedBy,
    },
    reason,
  );
  if (verdict.kind === 'refused') throw refusal(card, verdict);
  const account = await records.accounts.find(card.accountId);
  if (account?.status === 'closed') throw new ApiError('ACCOUNT_NOT_OPEN', { status: 'closed' });
  return {
    id: parseCardId(newId('card')),
    reason,
    shipping: shipping === undefined ? null : { service: 'standard', ...shipping },
    cancel: verdict.cancel,
    keepsFreezes: !verdict.isNewNumber,
  };
}

function refusal(
  { phase, cancelRequested }: CardRecord,
  {
    code,
    replacementId,
  }: { code: 'ALREADY_REPLACED' | 'ALREADY_CANCELED' | 'WRONG_PHASE'; replacementId?: CardId },
): ApiError {
  switch (code) {
    case 'ALREADY_REPLACED':
      return new ApiError(code, { phase, replacementId });
    case 'ALREADY_CANCELED':
      return new ApiError(code, { phase, ...cancelRequested });
    case 'WRONG_PHASE':
      return new ApiError(code, { command: 'replace', phase, allowedIn: [...REPLACEABLE_IN] });
  }
}
