import {
  Cardholder,
  CardholderChange,
  CardholderQuery,
  NewCardholder,
} from '../../../client/schemas/cardholder.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { parseCardholderId } from '../../../domain/ids.ts';
import { answerOnce } from '../answer-once.ts';
import { checkHolder } from '../check-holder.ts';
import { ApiError, found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { newId } from '../new-id.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';
import { tenantOf } from './tenants.ts';

const TAGS = ['Cardholders'];

export function cardholderRoutes(app: App, ports: IngressPorts): void {
  createRoute(app, ports);
  changeRoute(app, ports);
  readRoutes(app, ports);
}

function createRoute(app: App, { answers, clock }: IngressPorts): void {
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
      checkHolder(wanted, { nowMs: clock.nowMs(), currencies: [] });
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
}

function changeRoute(app: App, { answers, clock }: IngressPorts): void {
  app.post(
    '/v1/cardholders/:id',
    {
      schema: {
        operationId: 'changeCardholder',
        summary: 'Corrects the profile of a cardholder',
        description:
          'Each field that is given replaces the whole field. Stripe follows by itself, and a card that waits for ' +
          'the correction goes on. The name can be changed until Stripe has the cardholder.',
        tags: TAGS,
        params: IdParams,
        body: CardholderChange,
        response: { 200: Cardholder },
      },
    },
    async ({ params, body: change }, reply) => {
      const id = pathId(parseCardholderId, params.id, 'CARDHOLDER_NOT_FOUND');
      const { body } = await answerOnce(answers, reply, 200, async ({ cardholders }) => {
        const locked = found(await cardholders.lockProfile(id), 'CARDHOLDER_NOT_FOUND');
        const { type, profile, nameIsFixed, currencies } = locked;
        const wanted = { ...profile, ...change };
        if (nameIsFixed && wanted.name !== profile.name) throw new ApiError('NAME_FIXED');
        checkHolder({ type, ...wanted }, { nowMs: clock.nowMs(), currencies });
        return cardholders.changeProfile(id, wanted);
      });
      return reply.code(200).send(body);
    },
  );
}

function readRoutes(app: App, { records }: IngressPorts): void {
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
