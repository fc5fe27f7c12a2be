/** Spending controls of cards, accounts and tenants: in force for the next purchase once a PUT has answered. */
import { Controls } from '../../../client/schemas/controls.ts';
import type { ControlOwner } from '../../../domain/card-profile.ts';
import type { Controls as ControlsRecord } from '../../../domain/controls.ts';
import { checkControls } from '../../../domain/controls-check.ts';
import { parseAccountId, parseCardId, parseTenantId } from '../../../domain/ids.ts';
import type { Records } from '../../../ports/records.ts';
import type { AccountControlsOutcome } from '../../../ports/spending-controls.ts';
import { answerOnce } from '../answer-once.ts';
import { checkPhase } from '../command-phases.ts';
import { ApiError, type ErrorCode, found, invalidFields } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pathId } from './path-id.ts';

/** Whose controls a pair of routes reads and replaces. */
interface Owner<Id> {
  readonly owner: ControlOwner;
  readonly path: `/v1/${string}`;
  readonly tag: string;
  /** Completes `get…Controls` and `set…Controls`. */
  readonly noun: string;
  readonly whose: string;
  readonly unknown: ErrorCode;
  /** What else has to follow before the controls are in force. */
  readonly note?: string;
  readonly parseId: (text: string) => Id;
  readonly read: (records: Records, id: Id) => Promise<ControlsRecord | undefined>;
  readonly write: (records: Records, id: Id, wanted: ControlsRecord) => Promise<ControlsRecord>;
}

export function spendingControlRoutes(app: App, ports: IngressPorts): void {
  controlRoutes(app, ports, {
    owner: 'card',
    path: '/v1/cards/:id/controls',
    tag: 'Cards',
    noun: 'Card',
    whose: 'a card',
    unknown: 'CARD_NOT_FOUND',
    note: ' What they allow beyond the ones before, Stripe may decline until its copy has followed.',
    parseId: parseCardId,
    read: ({ spendingControls }, id) => spendingControls.ofCard(id),
    write: async ({ controls, spendingControls }, id, wanted) => {
      const card = found(await controls.lock(id), 'CARD_NOT_FOUND');
      checkPhase(card, 'set-controls');
      return spendingControls.setOfCard(card, wanted);
    },
  });
  controlRoutes(app, ports, {
    owner: 'account',
    path: '/v1/accounts/:id/controls',
    tag: 'Accounts',
    noun: 'Account',
    whose: 'an account',
    unknown: 'ACCOUNT_NOT_FOUND',
    parseId: parseAccountId,
    read: ({ spendingControls }, id) => spendingControls.ofAccount(id),
    write: async ({ spendingControls }, id, wanted) =>
      controlsOf(await spendingControls.setOfAccount(id, wanted)),
  });
  controlRoutes(app, ports, {
    owner: 'tenant',
    path: '/v1/tenants/:id/controls',
    tag: 'Tenants',
    noun: 'Tenant',
    whose: 'all cards of a tenant',
    unknown: 'TENANT_NOT_FOUND',
    parseId: parseTenantId,
    read: ({ spendingControls }, id) => spendingControls.ofTenant(id),
    write: async ({ spendingControls }, id, wanted) =>
      found(await spendingControls.setOfTenant(id, wanted), 'TENANT_NOT_FOUND'),
  });
}

function controlRoutes<Id>(app: App, { answers, records }: IngressPorts, of: Owner<Id>): void {
  const shared = { tags: [of.tag], params: IdParams, response: { 200: Controls } };
  app.get(
    of.path,
    {
      schema: {
        operationId: `get${of.noun}Controls`,
        summary: `Shows the spending controls of ${of.whose}`,
        ...shared,
      },
    },
    async ({ params }) => {
      const id = pathId(of.parseId, params.id, of.unknown);
      return found(await of.read(records, id), of.unknown);
    },
  );
  app.put(
    of.path,
    {
      // Those of a tenant decide for all of its cards.
      config: of.owner === 'tenant' ? { scope: 'admin' } : {},
      schema: {
        operationId: `set${of.noun}Controls`,
        summary: `Replaces the spending controls of ${of.whose}`,
        description: `In force for the next purchase once this has answered. An empty object lifts all of them.${of.note ?? ''}`,
        ...shared,
        body: Controls,
      },
    },
    async ({ params, body: wanted }, reply) => {
      const checked = checkControls(wanted, of.owner);
      if (checked.kind === 'problems') throw invalidFields(checked.problems);
      const id = pathId(of.parseId, params.id, of.unknown);
      const { body } = await answerOnce(answers, reply, 200, (inTransaction) =>
        of.write(inTransaction, id, checked.controls),
      );
      return body;
    },
  );
}

function controlsOf(outcome: AccountControlsOutcome): ControlsRecord {
  switch (outcome.kind) {
    case 'set':
      return outcome.controls;
    case 'unknown_account':
      throw new ApiError('ACCOUNT_NOT_FOUND');
    case 'is_closed':
      throw new ApiError('ACCOUNT_NOT_OPEN', { status: 'closed' });
  }
}
