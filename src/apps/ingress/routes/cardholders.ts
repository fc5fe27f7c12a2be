import { Cardholder, CardholderQuery, NewCardholder } from '../../../client/schemas/cardholder.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { parseCardholderId } from '../../../domain/ids.ts';
import { answerOnce } from '../answer-once.ts';
import { ApiError, found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { newId } from '../new-id.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';
import { tenantOf } from './tenants.ts';

const TAGS = ['Cardholders'];

export function cardholderRoutes(app: App, { answers, records }: IngressPorts): void {
  app.post(
    '/v1/cardholders',
    {
      schema: {
        operationId: 'createCardholder',
        summary: 'Registers the person or company on a card, one per customer',
        tags: TAGS,
        body: NewCardholder,
        response: { 201: Cardholder },
      },
    },
    async ({ body: wanted }, reply) => {
      checkHolder(wanted);
      const { body } = await answerOnce(answers, reply, 201, async (inside) => {
        const { tenantId, customerRef, type, ...profile } = wanted;
        const made = await inside.cardholders.create({
          id: parseCardholderId(newId('cardholder')),
          tenantId: (await tenantOf(inside, tenantId)).id,
          customerRef,
          type,
          profile,
        });
        if (made.kind === 'exists')
          throw new ApiError('CUSTOMER_EXISTS', { cardholderId: made.id });
        return made.cardholder;
      });
      return reply.code(201).send(body);
    },
  );

  app.get(
    '/v1/cardholders',
    {
      schema: {
        operationId: 'listCardholders',
        summary: 'Lists cardholders',
        tags: TAGS,
        querystring: CardholderQuery,
        response: { 200: pageOf(Cardholder) },
      },
    },
    async ({ query }) => pageOr400(await records.cardholders.list(query, pageOfQuery(query))),
  );

  app.get(
    '/v1/cardholders/:id',
    {
      schema: {
        operationId: 'getCardholder',
        summary: 'Shows a cardholder with the state of KYC',
        tags: TAGS,
        params: IdParams,
        response: { 200: Cardholder },
      },
    },
    async ({ params }) => {
      const id = pathId(parseCardholderId, params.id, 'CARDHOLDER_NOT_FOUND');
      return found(await records.cardholders.find(id), 'CARDHOLDER_NOT_FOUND');
    },
  );
}

/** What the schema cannot say: details of the other type, and days that no month has. */
function checkHolder({ type, individual, company }: NewCardholder): void {
  if (type === 'company' && individual !== undefined) {
    throw invalidField('individual', 'is for cardholders of type individual');
  }
  if (type === 'individual' && company !== undefined) {
    throw invalidField('company', 'is for cardholders of type company');
  }
  if (individual === undefined) return;
  const { day, month, year } = individual.dob;
  // The day rolls over into the next month when the month does not have it.
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) {
    throw invalidField('individual.dob', 'is not a date');
  }
}
