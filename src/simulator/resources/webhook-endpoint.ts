/** Webhook endpoints: `/v1/webhook_endpoints`. The secret is shown once, in the answer to the creation. */
import { isApiVersion } from '../http/api-version.ts';
import { invalidRequest } from '../http/failure.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import { type Field, flag, list, refined, required, text, unsettable } from '../http/parameter.ts';
import type { EndpointRow } from '../world/account.ts';
import { store } from '../world/kind.ts';
import { ENDPOINT } from '../world/kinds/webhook-endpoint.ts';
import type { Sequence } from '../world/sequence.ts';
import { EVENT_TYPES } from './event.ts';

const PATH = '/v1/webhook_endpoints';
const SECRET_LENGTH = 32;

/** Types of other products exist at Stripe and never happen here; only misspelled ones of ours are refused. */
const enabledEvent = (): Field<string, false> =>
  refined(text(), (type, path) => {
    const ours = /^(issuing_|identity\.|reporting\.)/.test(type);
    const known = ours
      ? EVENT_TYPES.includes(type)
      : type === '*' || /^[a-z_]+(\.[a-z_]+)+$/.test(type);
    return known ? undefined : { message: `Invalid ${path}: ${type} is not an event type` };
  });

/** An absolute address that a webhook can be sent to. */
export const url = (): Field<string, false> =>
  refined(text(), (address) =>
    /^https?:\/\//.test(address) && URL.canParse(address)
      ? undefined
      : {
          message: 'Invalid URL: An explicit scheme (such as https) must be provided.',
          code: 'url_invalid',
        },
  );

export const apiVersion = refined(text(), (version) =>
  isApiVersion(version)
    ? undefined
    : { message: `Invalid Stripe API version: ${version.slice(0, 50)}` },
);

const CHANGEABLE = {
  description: unsettable(text()),
  metadata: metadata(),
};

/** A new signing secret. */
export const newSecret = (sequence: Sequence): string =>
  `whsec_${sequence.text('whsec', SECRET_LENGTH)}`;

export const webhookEndpointOperations: readonly Operation[] = [
  listOperation({ path: PATH, kind: ENDPOINT, filters: {}, matches: () => true }),
  operation({
    method: 'POST',
    path: PATH,
    params: {
      ...CHANGEABLE,
      api_version: apiVersion,
      connect: flag(),
      enabled_events: required(list(enabledEvent())),
      url: required(url()),
    },
    handle(call) {
      const { params, world } = call;
      checkEvents(params.enabled_events);
      const row: EndpointRow = {
        id: world.sequence.id(ENDPOINT.idPrefix),
        created: world.clock.now(),
        api_version: params.api_version ?? null,
        connect: params.connect ?? false,
        description: params.description ?? null,
        enabled_events: params.enabled_events,
        metadata: mergeMetadata({}, params.metadata),
        secret: newSecret(world.sequence),
        rolled: [],
        status: 'enabled',
        url: params.url,
      };
      return { ...store(call, ENDPOINT, row), secret: row.secret };
    },
  }),
  retrieveOperation(`${PATH}/{webhook_endpoint}`, ENDPOINT),
  operation({
    method: 'POST',
    path: `${PATH}/{webhook_endpoint}`,
    params: { ...CHANGEABLE, disabled: flag(), enabled_events: list(enabledEvent()), url: url() },
    handle(call) {
      const { params } = call;
      const row = find(call, ENDPOINT, call.id);
      if (params.enabled_events !== undefined) checkEvents(params.enabled_events);
      const status =
        params.disabled === undefined ? row.status : params.disabled ? 'disabled' : 'enabled';
      if (status === 'disabled') call.world.deliverer.forget(row.id);
      return store(call, ENDPOINT, {
        ...row,
        description: params.description === undefined ? row.description : params.description,
        enabled_events: params.enabled_events ?? row.enabled_events,
        metadata: mergeMetadata(row.metadata, params.metadata),
        status,
        url: params.url ?? row.url,
      });
    },
  }),
  operation({
    method: 'DELETE',
    path: `${PATH}/{webhook_endpoint}`,
    params: {},
    handle(call) {
      const row = find(call, ENDPOINT, call.id);
      call.account.endpoints.remove(row.id);
      call.world.deliverer.forget(row.id);
      call.world.onChange();
      return { id: row.id, object: 'webhook_endpoint', deleted: true };
    },
  }),
];

function checkEvents(events: readonly string[]): void {
  if (events.length === 0) {
    throw invalidRequest('You must name at least one event type.', { param: 'enabled_events' });
  }
}
