/** Tokens of wallets: `/v1/issuing/tokens`. Only a wallet can ask for one, see the control routes. */
import {
  find,
  isWanted,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import { choice, required, text, timeRange } from '../http/parameter.ts';
import { moveToken, showsNetworkData, TOKEN_STATUSES, type TokenRow } from '../machines/token.ts';
import { change, type Scope } from '../world/kind.ts';
import { TOKEN } from '../world/kinds/token.ts';
import { illegalStep } from './illegal-step.ts';

const PATH = '/v1/issuing/tokens';

/** What a token can be set to. */
export const settableStatus = choice(['active', 'deleted', 'suspended']);

const extras = {
  network_data(call: Scope & { readonly id: string }): unknown {
    const token = find(call, TOKEN, call.id);
    return showsNetworkData(token, call.world.clock.now()) ? token.sim.networkData : undefined;
  },
};

export const tokenOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: TOKEN,
    filters: {
      card: required(text()),
      created: timeRange(),
      status: choice(TOKEN_STATUSES),
    },
    matches: (row, wanted) =>
      row.card === wanted.card &&
      isWithin(row.created, wanted.created) &&
      isWanted(row.status, wanted.status),
  }),
  retrieveOperation(`${PATH}/{token}`, TOKEN, extras),
  operation({
    method: 'POST',
    path: `${PATH}/{token}`,
    params: { status: required(settableStatus) },
    extras,
    handle: (call) => setTokenStatus(call, find(call, TOKEN, call.id), call.params.status),
  }),
];

/** Throws a 400 when the token cannot go there, or when its card is gone. */
export function setTokenStatus(
  scope: Scope,
  token: TokenRow,
  status: 'active' | 'deleted' | 'suspended',
): object {
  const next = moveToken(token, status, scope.world.clock.now());
  if (next === undefined) {
    throw illegalStep(scope, `A ${token.status} token cannot become ${status}.`, 'status');
  }
  const card = scope.account.cards.get(token.card);
  if (status === 'active' && card?.status === 'canceled') {
    throw illegalStep(
      scope,
      `Card ${token.card} is canceled; its tokens cannot be activated.`,
      'status',
    );
  }
  return change(scope, TOKEN, next);
}
