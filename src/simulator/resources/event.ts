/** Events: `/v1/events`, the last 30 days. */
import { invalidRequest } from '../http/failure.ts';
import {
  isWanted,
  isWithin,
  listOperation,
  type Operation,
  retrieveOperation,
} from '../http/operation.ts';
import { flag, list, text, timeRange } from '../http/parameter.ts';
import { matchesType } from '../machines/event-type.ts';
import type { Account, EventRow } from '../world/account.ts';
import type { Kind } from '../world/kind.ts';
import type { World } from '../world/world.ts';

const PATH = '/v1/events';
const TYPES_MAX = 20;

/** Events of Issuing, Identity and Reporting in this API version. */
export const EVENT_TYPES: readonly string[] = [
  'identity.verification_session.canceled',
  'identity.verification_session.created',
  'identity.verification_session.processing',
  'identity.verification_session.redacted',
  'identity.verification_session.requires_input',
  'identity.verification_session.verified',
  'issuing_authorization.created',
  'issuing_authorization.request',
  'issuing_authorization.updated',
  'issuing_card.created',
  'issuing_card.updated',
  'issuing_cardholder.created',
  'issuing_cardholder.updated',
  'issuing_dispute.closed',
  'issuing_dispute.created',
  'issuing_dispute.funds_reinstated',
  'issuing_dispute.funds_rescinded',
  'issuing_dispute.submitted',
  'issuing_dispute.updated',
  'issuing_personalization_design.activated',
  'issuing_personalization_design.deactivated',
  'issuing_personalization_design.rejected',
  'issuing_personalization_design.updated',
  'issuing_token.created',
  'issuing_token.updated',
  'issuing_transaction.created',
  'issuing_transaction.purchase_details_receipt_updated',
  'issuing_transaction.updated',
  'reporting.report_run.failed',
  'reporting.report_run.succeeded',
  'reporting.report_type.updated',
];

export function eventOperations(world: World): readonly Operation[] {
  const kind: Kind<EventRow> = {
    name: 'event',
    label: 'event',
    idPrefix: 'evt',
    eventPrefix: 'event',
    table: (account) => account.events,
    render: (account: Account, row) => ({
      ...world.renderEvent(account, row),
      pending_webhooks: world.deliverer.undelivered.countOf(row.id),
    }),
  };
  return [
    listOperation({
      path: PATH,
      kind,
      filters: {
        created: timeRange(),
        delivery_success: flag(),
        type: text(),
        types: list(text()),
      },
      check({ type, types }) {
        if (type !== undefined && types !== undefined) {
          throw invalidRequest('You may only specify one of these parameters: type, types.', {
            param: 'type',
          });
        }
        if (types !== undefined && types.length > TYPES_MAX) {
          throw invalidRequest(`You can name at most ${TYPES_MAX} types.`, { param: 'types' });
        }
      },
      matches(row, wanted) {
        const { type, types } = wanted;
        return (
          isWithin(row.created, wanted.created) &&
          (type === undefined || matchesType(row.type, type)) &&
          (types === undefined || types.some((entry) => matchesType(row.type, entry))) &&
          isWanted(world.deliverer.undelivered.countOf(row.id) === 0, wanted.delivery_success)
        );
      },
    }),
    retrieveOperation(`${PATH}/{id}`, kind),
  ];
}
