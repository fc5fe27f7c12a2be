import { DecideKyc } from '../../../client/schemas/card-command.ts';
import { Cardholder } from '../../../client/schemas/cardholder.ts';
import { parseCardholderId } from '../../../domain/ids.ts';
import { answerOnce } from '../answer-once.ts';
import { found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { decideOrRefuse } from '../kyc-verdict.ts';
import { IdParams, pathId } from './path-id.ts';

export function kycVerdictRoutes(app: App, { answers, clock }: IngressPorts): void {
  app.post(
    '/v1/cardholders/:id/decide-kyc',
    {
      schema: {
        operationId: 'decideKycOfCardholder',
        summary: "Records a person's verdict about a cardholder",
        description:
          'Committed with the answer, also while Temporal is down; all cards that wait for KYC are told. The same ' +
          'verdict again changes nothing.',
        tags: ['Cardholders'],
        params: IdParams,
        body: DecideKyc,
        response: { 200: Cardholder },
      },
    },
    async ({ params, body: { approved, reason } }, reply) => {
      const id = pathId(parseCardholderId, params.id, 'CARDHOLDER_NOT_FOUND');
      const { body } = await answerOnce(answers, reply, 200, async (records) => {
        const { cardholders, kycVerdicts } = records;
        found(await cardholders.find(id), 'CARDHOLDER_NOT_FOUND');
        const verdict = { approved, reason, at: new Date(clock.nowMs()) };
        await decideOrRefuse(kycVerdicts, id, verdict);
        return found(await cardholders.find(id), 'CARDHOLDER_NOT_FOUND');
      });
      return body;
    },
  );
}
