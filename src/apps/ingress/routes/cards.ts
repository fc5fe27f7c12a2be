import type { NewCard as NewCardBody } from '../../../client/schemas/card.ts';
import { Card, CardQuery, NewCard } from '../../../client/schemas/card.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import type { CardOptions } from '../../../domain/card-options.ts';
import { cardProblems } from '../../../domain/card-request-rules.ts';
import { PHONE_NEEDED } from '../../../domain/cardholder-rules.ts';
import { parseAccountId, parseCardholderId, parseCardId } from '../../../domain/ids.ts';
import { needsPhone } from '../../../domain/postal-rules.ts';
import type { NewCard as NewCardRecord } from '../../../ports/cards.ts';
import type { Records } from '../../../ports/records.ts';
import type { AfterCommit } from '../after-commit.ts';
import { answerOnce } from '../answer-once.ts';
import { refuse } from '../check-holder.ts';
import { ApiError, found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { requireKycProvider } from '../kyc-provider-check.ts';
import { newId } from '../new-id.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

const TAGS = ['Cards'];

export function cardRoutes(app: App, ports: IngressPorts, afterCommit: AfterCommit): void {
  requestRoute(app, ports, afterCommit);
  readRoutes(app, ports);
}

function requestRoute(app: App, ports: IngressPorts, afterCommit: AfterCommit): void {
  const { answers } = ports;
  app.post(
    '/v1/cards',
    {
      schema: {
        operationId: 'requestCard',
        summary: 'Requests a card; its workflow takes it from KYC to spending',
        description:
          'Accepted also while Temporal is down: the workflow is then started later. A physical card without ' +
          "`shipping` is sent to the cardholder's name and billing address by standard service.",
        tags: TAGS,
        body: NewCard,
        response: { 202: Card },
      },
    },
    async ({ body: wanted }, reply) => {
      refuse(cardProblems(wanted));
      const { body, repeated } = await answerOnce(answers, reply, 202, async (records) => {
        const card = await cardToMake(records, wanted);
        await checkVerifier(ports, records, card);
        return records.cards.create(card);
      });
      const startedNow = !repeated && (await afterCommit.startWorkflow(body));
      return reply.code(202).send({ ...body, workflowStarted: body.workflowStarted || startedNow });
    },
  );
}

/** Whoever has to verify the holder must be configured here, or the card would wait for nobody. */
async function checkVerifier(
  ports: IngressPorts,
  { cardholders, tenants }: Records,
  card: NewCardRecord,
): Promise<void> {
  const wanted = card.options.kyc?.provider;
  requireKycProvider(ports, wanted);
  const holder = await cardholders.find(card.cardholderId);
  if (wanted !== undefined || holder?.kyc.status === 'verified') return;
  const tenant = await tenants.find(card.tenantId);
  requireKycProvider(ports, tenant?.kycProvider);
}

/** Looks up holder and account, which must be of one tenant. A parcel goes to the billing address unless told. */
async function cardToMake(records: Records, wanted: NewCardBody): Promise<NewCardRecord> {
  const { cardholderId, accountId, tenantId, type } = wanted;
  const cardholder = found(
    await records.cardholders.find(parseCardholderId(cardholderId)),
    'CARDHOLDER_NOT_FOUND',
    { cardholderId },
  );
  if (tenantId !== undefined && tenantId !== cardholder.tenantId) {
    throw new ApiError('CARDHOLDER_NOT_FOUND', { cardholderId, tenantId });
  }
  const account = await records.accounts.find(parseAccountId(accountId));
  if (account?.tenantId !== cardholder.tenantId) {
    throw new ApiError('ACCOUNT_NOT_FOUND', { accountId, tenantId: cardholder.tenantId });
  }
  if (account.status !== 'open') throw new ApiError('ACCOUNT_NOT_OPEN', { status: account.status });
  const { name, billing, phoneNumber } = cardholder;
  if (phoneNumber === undefined && needsPhone(billing.country, [account.currency])) {
    throw invalidField('cardholderId', `names a cardholder whose phoneNumber ${PHONE_NEEDED}`);
  }
  const address = wanted.shipping ?? { name, ...billing };
  return {
    id: parseCardId(newId('card')),
    tenantId: cardholder.tenantId,
    cardholderId: cardholder.id,
    accountId: account.id,
    type,
    currency: account.currency,
    shipping: type === 'physical' ? { service: 'standard', ...address } : null,
    secondLine: wanted.secondLine ?? null,
    options: optionsOf(wanted),
  };
}

function optionsOf(wanted: NewCardBody): CardOptions {
  const { kyc, renewal, cancelAfterPayments, personalizationDesign } = wanted;
  return {
    ...(kyc === undefined ? {} : { kyc }),
    ...(renewal === undefined ? {} : { renewal }),
    ...(cancelAfterPayments === undefined ? {} : { cancelAfterPayments }),
    ...(personalizationDesign === undefined ? {} : { personalizationDesign }),
  };
}

function readRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/cards',
    {
      schema: {
        operationId: 'listCards',
        summary: 'Lists cards',
        tags: TAGS,
        querystring: CardQuery,
        response: { 200: pageOf(Card) },
      },
    },
    async ({ query }) => pageOr400(await records.cards.list(query, pageOfQuery(query))),
  );

  app.get(
    '/v1/cards/:id',
    {
      schema: {
        operationId: 'getCard',
        summary: 'Shows a card with its phase',
        tags: TAGS,
        params: IdParams,
        response: { 200: Card },
      },
    },
    async ({ params }) => {
      const id = pathId(parseCardId, params.id, 'CARD_NOT_FOUND');
      return found(await records.cards.find(id), 'CARD_NOT_FOUND');
    },
  );
}
