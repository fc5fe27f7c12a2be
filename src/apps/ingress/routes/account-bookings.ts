/** Money of accounts that the API moves: credits, debits, transfers, and their reversal. */
import type { FastifyReply } from 'fastify';
import { type TSchema, Type } from 'typebox';
import {
  BookedEntry,
  NewCredit,
  NewDebit,
  NewTransfer,
  Reversal,
} from '../../../client/schemas/account-booking.ts';
import { type AccountId, parseAccountId } from '../../../domain/ids.ts';
import { minorUnits } from '../../../domain/money.ts';
import type {
  Accounts,
  BookedEntry as BookedRecord,
  BookingOutcome,
  BookingRefusal,
} from '../../../ports/accounts.ts';
import { answerOnce } from '../answer-once.ts';
import { ApiError } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pathId } from './path-id.ts';

const TAGS = ['Accounts'];
const EntryParams = Type.Object({ id: Type.String(), entryId: Type.String() });
/** Entries are numbered by `bigint`; a longer text is no entry. */
const ENTRY_ID = /^[0-9]{1,18}$/;

/** Every command is given to an account, at a time, perhaps under a reference of the caller's. */
interface Command {
  readonly accountId: AccountId;
  readonly externalRef: string | null;
  readonly atMs: number;
}

const schema = <B extends TSchema>(operationId: string, summary: string, body: B) => ({
  operationId,
  summary,
  tags: TAGS,
  params: IdParams,
  body,
  response: { 201: BookedEntry },
});

export function accountBookingRoutes(app: App, ports: IngressPorts): void {
  paymentRoutes(app, ports);
  transferRoutes(app, ports);
}

/** Books in the transaction of the answer; a refusal writes nothing but itself. */
async function book(
  { answers, clock }: IngressPorts,
  reply: FastifyReply,
  target: { readonly id: string; readonly externalRef?: string | undefined },
  command: (accounts: Accounts, common: Command) => Promise<BookingOutcome>,
): Promise<BookedRecord> {
  const accountId = pathId(parseAccountId, target.id, 'ACCOUNT_NOT_FOUND');
  const common = { accountId, externalRef: target.externalRef ?? null, atMs: clock.nowMs() };
  const { body } = await answerOnce(answers, reply, 201, async ({ accounts }) => {
    const outcome = await command(accounts, common);
    if (outcome.kind === 'booked') return outcome.entry;
    throw refused(outcome);
  });
  return body;
}

function paymentRoutes(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/accounts/:id/credits',
    { schema: schema('creditAccount', 'Books money that the customer paid in', NewCredit) },
    async ({ params: { id }, body: { amountMinor, externalRef } }, reply) => {
      const entry = await book(ports, reply, { id, externalRef }, (accounts, common) =>
        accounts.credit({ ...common, amountMinor: minorUnits(amountMinor) }),
      );
      return reply.code(201).send(entry);
    },
  );

  app.post(
    '/v1/accounts/:id/debits',
    { schema: schema('debitAccount', 'Books money that is paid out to the customer', NewDebit) },
    async ({ params: { id }, body: { amountMinor, externalRef } }, reply) => {
      const entry = await book(ports, reply, { id, externalRef }, (accounts, common) =>
        accounts.debit({ ...common, amountMinor: minorUnits(amountMinor) }),
      );
      return reply.code(201).send(entry);
    },
  );
}

function transferRoutes(app: App, ports: IngressPorts): void {
  app.post(
    '/v1/accounts/:id/transfers',
    { schema: schema('transferFromAccount', 'Moves money to another account', NewTransfer) },
    async ({ params: { id }, body }, reply) => {
      const amountMinor = minorUnits(body.amountMinor);
      const toAccountId = parseAccountId(body.toAccountId);
      const { externalRef } = body;
      const entry = await book(ports, reply, { id, externalRef }, (accounts, common) =>
        accounts.transfer({ ...common, amountMinor, toAccountId }),
      );
      return reply.code(201).send(entry);
    },
  );

  app.post(
    '/v1/accounts/:id/entries/:entryId/reverse',
    {
      schema: {
        ...schema('reverseEntry', 'Takes back a credit, a debit or a transfer', Reversal),
        description: 'Books an entry of its own that names what it corrects, once.',
        params: EntryParams,
      },
    },
    async ({ params: { id, entryId }, body: { externalRef } }, reply) => {
      const entry = await book(ports, reply, { id, externalRef }, async (accounts, common) =>
        ENTRY_ID.test(entryId)
          ? accounts.reverse({ ...common, entryId })
          : { kind: 'unknown_entry' },
      );
      return reply.code(201).send(entry);
    },
  );
}

function refused(refusal: BookingRefusal): ApiError {
  const { kind, ...details } = refusal;
  switch (kind) {
    case 'unknown_account':
      return new ApiError('ACCOUNT_NOT_FOUND', details);
    case 'unknown_entry':
      return new ApiError('ENTRY_NOT_FOUND');
    case 'same_account':
      return new ApiError('SAME_ACCOUNT');
    case 'tenant_mismatch':
      return new ApiError('TENANT_MISMATCH');
    case 'currency_mismatch':
      return new ApiError('CURRENCY_MISMATCH', details);
    case 'not_open':
      return new ApiError('ACCOUNT_NOT_OPEN', details);
    case 'insufficient_funds':
      return new ApiError('INSUFFICIENT_FUNDS', details);
    case 'out_of_range':
      return new ApiError('BALANCE_OUT_OF_RANGE', details);
    case 'ref_reused':
      return new ApiError('EXTERNAL_REF_REUSED', details);
    case 'not_reversible':
      return new ApiError('NOT_REVERSIBLE', details);
    case 'already_corrected':
      return new ApiError('ALREADY_CORRECTED', details);
  }
}
