/** Webhook endpoints, as the API shows them: without their secret. */
import type { EndpointRow } from '../account.ts';
import type { Kind } from '../kind.ts';

export const ENDPOINT: Kind<EndpointRow> = {
  name: 'webhook_endpoint',
  label: 'webhook endpoint',
  idPrefix: 'we',
  eventPrefix: 'webhook_endpoint',
  table: (account) => account.endpoints,
  render(_account, { secret: _hidden, rolled: _old, connect: _scope, ...shown }) {
    return { ...shown, object: 'webhook_endpoint', application: null, livemode: false };
  },
};
