/** Commands that the card's workflow answers. */
import type { TSchema } from 'typebox';
import { Card, NewShipping } from '../../../client/schemas/card.ts';
import type { RetryIssuance as RetryBody } from '../../../client/schemas/card-command.ts';
import {
  ConfirmDelivery,
  DecideKyc,
  NoArguments,
  RetryIssuance,
} from '../../../client/schemas/card-command.ts';
import {
  CONFIRM_DELIVERY_UPDATE,
  CORRECT_SHIPPING_UPDATE,
  DECIDE_KYC_UPDATE,
  RETRY_ISSUANCE_UPDATE,
  RETRY_KYC_UPDATE,
} from '../../../domain/card-contract.ts';
import { cardProblems, parcelProblems } from '../../../domain/card-request-rules.ts';
import { parseCardId } from '../../../domain/ids.ts';
import type { Card as CardRecord, Printed } from '../../../ports/cards.ts';
import { runCardCommand } from '../card-command.ts';
import { refuse } from '../check-holder.ts';
import { ApiError, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { decideOrRefuse } from '../kyc-verdict.ts';
import { IdParams, pathId } from './path-id.ts';

const cardIdOf = (params: { id: string }) => pathId(parseCardId, params.id, 'CARD_NOT_FOUND');

const NEEDS_WORKFLOW = "Needs the card's workflow: 503 within 3 s when Temporal cannot be reached.";

const schemaOf = <B extends TSchema>(
  operationId: string,
  summary: string,
  body: B,
  description = NEEDS_WORKFLOW,
) => ({
  operationId,
  summary,
  tags: ['Cards'],
  description,
  params: IdParams,
  body,
  response: { 202: Card },
});

export function cardCommandRoutes(app: App, ports: IngressPorts): void {
  decideKycRoute(app, ports);
  retryKycRoute(app, ports);
  retryIssuanceRoute(app, ports);
  correctShippingRoute(app, ports);
  confirmDeliveryRoute(app, ports);
}

function decideKycRoute(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/cards/:id/decide-kyc',
    {
      schema: schemaOf(
        'decideKyc',
        "Records a person's verdict about the holder",
        DecideKyc,
        'The verdict stands once it is committed, and all cards that wait are told. The answer names the phase that ' +
          'the workflow decided, or, without its answer within 2.5 s, the one the card was in.',
      ),
    },
    async ({ params, body: verdict }, reply) => {
      const { approved } = verdict;
      const card = await runCardCommand(ports, reply, {
        cardId: cardIdOf(params),
        route: 'decide-kyc',
        name: DECIDE_KYC_UPDATE,
        argument: { approved },
        prepare: async ({ kycVerdicts }, { cardholderId }) => {
          const at = new Date(ports.clock.nowMs());
          await decideOrRefuse(kycVerdicts, cardholderId, { ...verdict, at });
          return undefined;
        },
        stands: true,
      });
      return reply.code(202).send(card);
    },
  );
}

function retryKycRoute(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/cards/:id/retry-kyc',
    { schema: schemaOf('retryKyc', 'Gives the holder another attempt', NoArguments) },
    async ({ params }, reply) => {
      const card = await runCardCommand(ports, reply, {
        cardId: cardIdOf(params),
        route: 'retry-kyc',
        name: RETRY_KYC_UPDATE,
        argument: {},
        accepted: ({ commands }, current) => commands.note(current, 'command_retry_kyc', {}),
      });
      return reply.code(202).send(card);
    },
  );
}

function retryIssuanceRoute(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/cards/:id/retry-issuance',
    {
      schema: schemaOf(
        'retryIssuance',
        'Asks Stripe again for a card that is held up, with what is printed corrected',
        RetryIssuance,
      ),
    },
    async ({ params, body }, reply) => {
      const corrected = Object.keys(body).toSorted();
      const card = await runCardCommand(ports, reply, {
        cardId: cardIdOf(params),
        route: 'retry-issuance',
        name: RETRY_ISSUANCE_UPDATE,
        argument: {},
        prepare: async ({ commands }, current) => {
          if (corrected.length === 0) return undefined;
          await commands.setPrinted(current.id, correctedPrint(current, body));
          return (records) => records.commands.setPrinted(current.id, printOf(current));
        },
        accepted: ({ commands }, current) =>
          commands.note(
            current,
            'command_retry_issuance',
            corrected.length === 0 ? {} : { corrected },
          ),
      });
      return reply.code(202).send(card);
    },
  );
}

const printOf = ({ secondLine, options }: CardRecord): Printed => ({
  secondLine,
  personalizationDesign: options.personalizationDesign ?? null,
});

/** What is printed with the correction, or a refusal: the next request to Stripe takes it. */
function correctedPrint(card: CardRecord, body: RetryBody): Printed {
  const given = Object.entries(body).filter(([, value]) => value !== null);
  refuse(cardProblems({ type: card.type, ...Object.fromEntries(given) }));
  return { ...printOf(card), ...body };
}

function correctShippingRoute(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/cards/:id/correct-shipping',
    { schema: schemaOf('correctShipping', 'Stores a better address for the card', NewShipping) },
    async ({ params, body: { service = 'standard', ...address } }, reply) => {
      refuse(parcelProblems(address, ''));
      const card = await runCardCommand(ports, reply, {
        cardId: cardIdOf(params),
        route: 'correct-shipping',
        name: CORRECT_SHIPPING_UPDATE,
        argument: {},
        prepare: async ({ commands }, current) => {
          if (current.type === 'virtual') throw invalidField('', 'is for physical cards');
          await commands.setShipping(current.id, { ...address, service });
          return (records) => records.commands.setShipping(current.id, current.shipping);
        },
        accepted: ({ commands }, current) => commands.note(current, 'command_correct_shipping', {}),
      });
      return reply.code(202).send(card);
    },
  );
}

function confirmDeliveryRoute(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/cards/:id/confirm-delivery',
    {
      schema: schemaOf(
        'confirmDelivery',
        'The cardholder has the card, where the carrier does not track',
        ConfirmDelivery,
      ),
    },
    async ({ params, body: { last4 } }, reply) => {
      const card = await runCardCommand(ports, reply, {
        cardId: cardIdOf(params),
        route: 'confirm-delivery',
        name: CONFIRM_DELIVERY_UPDATE,
        argument: {},
        prepare: async (_records, current) => {
          if (current.stripeCard?.last4 !== last4) throw new ApiError('LAST4_MISMATCH');
          return undefined;
        },
        accepted: ({ commands }, current) => commands.note(current, 'command_confirm_delivery', {}),
      });
      return reply.code(202).send(card);
    },
  );
}
