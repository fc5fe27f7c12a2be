/** What wallets and networks do with tokens. */
import { invalidRequest } from '../http/failure.ts';
import { choice, list, number, object, required, text, type Values } from '../http/parameter.ts';
import type { CardRow } from '../machines/card.ts';
import { TOKEN_NETWORKS, type TokenRow, WALLETS } from '../machines/token.ts';
import { walletIneligibility } from '../machines/wallet.ts';
import { setTokenStatus, settableStatus } from '../resources/token.ts';
import { create, type Scope } from '../world/kind.ts';
import { CARD } from '../world/kinds/issuing.ts';
import { TOKEN } from '../world/kinds/token.ts';
import { type ControlRoute, controlRoute, locate, locateNamed } from './control-route.ts';

/** Why a wallet or the network hesitates, as the API lists it. */
const REASON_CODES = [
  'account_card_too_new',
  'account_recently_changed',
  'account_too_new',
  'account_too_new_since_launch',
  'additional_device',
  'data_expired',
  'defer_id_v_decision',
  'device_recently_lost',
  'good_activity_history',
  'has_suspended_tokens',
  'high_risk',
  'inactive_account',
  'long_account_tenure',
  'low_account_score',
  'low_device_score',
  'low_phone_number_score',
  'network_service_error',
  'outside_home_territory',
  'provisioning_cardholder_mismatch',
  'provisioning_device_and_cardholder_mismatch',
  'provisioning_device_mismatch',
  'same_device_no_prior_authentication',
  'same_device_successful_prior_authentication',
  'software_update',
  'suspicious_activity',
  'too_many_different_cardholders',
  'too_many_recent_attempts',
  'too_many_recent_tokens',
] as const;

const REQUEST = {
  card: required(text()),
  device: object({
    device_fingerprint: text(),
    ip_address: text(),
    location: text(),
    name: text(),
    phone_number: text(),
    type: choice(['other', 'phone', 'watch']),
  }),
  network: choice(TOKEN_NETWORKS),
  status: choice(['active', 'requested']),
  wallet_provider: required(choice(WALLETS)),
  /** What the wallet says about itself; shown in `network_data.wallet_provider`. */
  wallet_provider_data: object({
    account_trust_score: number({ min: 1, max: 5 }),
    card_number_source: choice(['app', 'manual', 'on_file', 'other']),
    device_trust_score: number({ min: 1, max: 5 }),
    reason_codes: list(choice(REASON_CODES)),
    suggested_decision: choice(['approve', 'decline', 'require_auth']),
  }),
};

export const tokenRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/tokens',
    summary:
      'A wallet asks for a token of an active card; it is only requested at first unless status says active.',
    params: REQUEST,
    handle({ world, params }) {
      const { scope, row } = locate(world, CARD, params.card);
      checkEligible(scope, row);
      return create(scope, TOKEN, newToken(scope, row, params));
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/tokens/{token}',
    summary: 'The wallet or the network activates, suspends or deletes a token.',
    params: { status: required(settableStatus) },
    handle(call) {
      const { scope, row } = locateNamed(call, TOKEN);
      return setTokenStatus(scope, row, call.params.status);
    },
  }),
];

function checkEligible({ account }: Scope, card: CardRow): void {
  const cardholder = account.cardholders.get(card.cardholder);
  const reason = walletIneligibility(account.settings.walletAgreement, cardholder);
  const problem =
    card.status !== 'active'
      ? `Card ${card.id} is ${card.status}; wallets take active cards only.`
      : reason === null
        ? undefined
        : `Card ${card.id} is not eligible for wallets: ${reason}.`;
  if (problem !== undefined) throw invalidRequest(problem, { param: 'card' });
}

const REFERENCE_DIGITS = 16;
const REQUESTOR_DIGITS = 11;

function newToken(
  { world, account }: Scope,
  card: CardRow,
  params: Values<typeof REQUEST>,
): TokenRow {
  const { sequence } = world;
  const now = world.clock.now();
  const network = params.network ?? 'visa';
  const fingerprint = params.device?.device_fingerprint ?? sequence.id('intd');
  const cardholder = account.cardholders.get(card.cardholder);
  const address = cardholder?.billing.address;
  return {
    id: sequence.id(TOKEN.idPrefix),
    created: now,
    card: card.id,
    device_fingerprint: fingerprint,
    last4: sequence.digits('token_number', 4),
    network,
    network_updated_at: now,
    status: params.status ?? 'requested',
    wallet_provider: params.wallet_provider,
    sim: {
      networkData: {
        type: network,
        device: { type: 'phone', ...params.device, device_fingerprint: fingerprint },
        [network]: {
          card_reference_id: sequence.digits('card_reference', REFERENCE_DIGITS),
          token_reference_id: sequence.digits('token_reference', REFERENCE_DIGITS),
          token_requestor_id: sequence.digits('token_requestor', REQUESTOR_DIGITS),
        },
        wallet_provider: {
          account_id: sequence.id('wallet'),
          card_number_source: 'manual',
          cardholder_address: {
            line1: address?.line1 ?? '',
            postal_code: address?.postal_code ?? '',
          },
          cardholder_name: cardholder?.name ?? '',
          suggested_decision: 'approve',
          ...params.wallet_provider_data,
        },
      },
    },
  };
}
