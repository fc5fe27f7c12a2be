/** Settings and status of accounts: in force for the next purchase once the request has answered. */
import type { FastifyReply } from 'fastify';
import { Account, AccountSettings } from '../../../client/schemas/account.ts';
import { NoArguments } from '../../../client/schemas/card-command.ts';
import type { StatusCommand } from '../../../domain/account-rules.ts';
import { type AccountId, parseAccountId } from '../../../domain/ids.ts';
import { minorUnits } from '../../../domain/money.ts';
import type {
  AccountChangeOutcome,
  Account as AccountRecord,
  Accounts,
} from '../../../ports/accounts.ts';
import { answerOnce } from '../answer-once.ts';
import { ApiError } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pathId } from './path-id.ts';

const TAGS = ['Accounts'];
const AT_ONCE = 'In force for the next purchase once this has answered.';

export function accountChangeRoutes(app: App, { answers }: IngressPorts): void {
  async function change(
    reply: FastifyReply,
    id: string,
    effect: (accounts: Accounts, accountId: AccountId) => Promise<AccountChangeOutcome>,
  ): Promise<AccountRecord> {
    const accountId = pathId(parseAccountId, id, 'ACCOUNT_NOT_FOUND');
    const { body } = await answerOnce(answers, reply, 200, async ({ accounts }) =>
      changedAccount(await effect(accounts, accountId)),
    );
    return body;
  }

  app.post(
    '/v1/accounts/:id',
    {
      schema: {
        operationId: 'changeAccount',
        summary: 'Changes settings of an account',
        description: `${AT_ONCE} A limit below what is used of it is taken, and flagged until it is repaid.`,
        tags: TAGS,
        params: IdParams,
        body: AccountSettings,
        response: { 200: Account },
      },
    },
    ({ params, body: { creditLimitMinor, allowPartial } }, reply) =>
      change(reply, params.id, (accounts, accountId) =>
        accounts.changeSettings(accountId, {
          creditLimitMinor:
            creditLimitMinor === undefined ? undefined : minorUnits(creditLimitMinor),
          allowPartial,
        }),
      ),
  );

  const statusRoute = (command: StatusCommand, summary: string, description: string): void => {
    app.post(
      `/v1/accounts/:id/${command}`,
      {
        schema: {
          operationId: `${command}Account`,
          summary,
          description,
          tags: TAGS,
          params: IdParams,
          body: NoArguments,
          response: { 200: Account },
        },
      },
      ({ params }, reply) =>
        change(reply, params.id, (accounts, id) => accounts.changeStatus(id, command)),
    );
  };
  statusRoute('freeze', 'Stops purchases and commands of an account', AT_ONCE);
  statusRoute('unfreeze', 'Opens a frozen account again', AT_ONCE);
  statusRoute(
    'close',
    'Ends an account for good',
    `${AT_ONCE} Needs both balances at 0; the credit limit becomes 0. Its cards are declined, but not cancelled.`,
  );
  statusRoute(
    'reopen',
    'Opens a closed account on which the network has left money',
    'What the network posts is booked on a closed account too; this is the way to pay it out, or to be repaid.',
  );
}

function changedAccount(outcome: AccountChangeOutcome): AccountRecord {
  switch (outcome.kind) {
    case 'changed':
      return outcome.account;
    case 'unknown_account':
      throw new ApiError('ACCOUNT_NOT_FOUND');
    case 'is_closed':
      throw new ApiError('ACCOUNT_NOT_OPEN', { status: 'closed' });
    case 'not_empty': {
      const { heldMinor, availableMinor } = outcome;
      throw new ApiError('ACCOUNT_NOT_EMPTY', { heldMinor, availableMinor });
    }
    case 'is_empty':
      throw new ApiError('ACCOUNT_EMPTY');
  }
}
