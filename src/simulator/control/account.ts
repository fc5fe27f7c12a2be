/** Accounts, their real-time endpoints and their settings. */

import { choice, flag, number, refined, required, text, unsettable } from '../http/parameter.ts';
import { CLOSED_AMOUNT_MODES } from '../machines/authorization.ts';
import {
  ERROR_POLICIES,
  SURPLUS_POLICIES,
  TIMEOUT_POLICIES,
  VERSION_CHECKS,
} from '../machines/decision-answer.ts';
import { FUEL_PUMP_HOLDS } from '../machines/fuel-pump.ts';
import { PROGRAMS } from '../machines/issuing-balance.ts';
import { DESIGN_IN_REVIEW_POLICIES } from '../machines/personalization-design.ts';
import { REPORT_DATA_MODES } from '../machines/report-run.ts';
import { CVC_MISMATCH_POLICIES, INSECURE_METHOD_POLICIES } from '../machines/screening.ts';
import { SETTLEMENT_EVENT_MODES } from '../machines/settlement.ts';
import { API_VERSION } from '../options.ts';
import { bookOpen } from '../resources/issuing-balance.ts';
import { apiVersion, newSecret, url } from '../resources/webhook-endpoint.ts';
import {
  type AccountSettings,
  CANCELED_CARD_TOKENS,
  CAPTURE_EVENTS,
  DEFAULT_SETTINGS,
  NETWORK_DECLINES,
  NO_CAUSE,
  REPLACED_CARD_TOKENS,
  REPLACED_CLEARINGS,
  type RealtimeEndpoint,
  VERIFICATION_EVENTS,
} from '../world/account.ts';
import { type ControlRoute, controlRoute, namedAccount } from './control-route.ts';

const DECLINE_REASONS = [
  'not_allowed',
  'suspected_fraud',
  'network_fallback',
  'verification_failed',
  'account_disabled',
] as const;

/** Rates of the currencies that cards are issued in rarely move by more between a purchase and its clearing. */
const RATE_DRIFT_MAX = 0.1;
const ERROR_CODE_LENGTH_MAX = 100;

const SETTINGS = {
  program: choice(PROGRAMS),
  timeoutPolicy: choice(TIMEOUT_POLICIES),
  errorPolicy: choice(ERROR_POLICIES),
  stripeVersionCheck: choice(VERSION_CHECKS),
  unknownAnswerFields: choice(SURPLUS_POLICIES),
  uncontrollableAmount: choice(SURPLUS_POLICIES),
  fraudChallenges: choice(['off', 'on']),
  cvcMismatch: choice(CVC_MISMATCH_POLICIES),
  insecureMethods: choice(INSECURE_METHOD_POLICIES),
  networkDecline: choice(NETWORK_DECLINES),
  networkDeclineReason: choice(DECLINE_REASONS),
  designInReview: choice(DESIGN_IN_REVIEW_POLICIES),
  reportData: choice(REPORT_DATA_MODES),
  settlementEvents: choice(SETTLEMENT_EVENT_MODES),
  captureEvents: choice(CAPTURE_EVENTS),
  closedAmount: choice(CLOSED_AMOUNT_MODES),
  replacedClearing: choice(REPLACED_CLEARINGS),
  canceledCardTokens: choice(CANCELED_CARD_TOKENS),
  replacedCardTokens: choice(REPLACED_CARD_TOKENS),
  verificationEvents: choice(VERIFICATION_EVENTS),
  fuelPumpHold: choice(FUEL_PUMP_HOLDS),
  exchangeRateDrift: number({ min: 0, max: RATE_DRIFT_MAX }),
  illegalStepCode: unsettable(text({ max: ERROR_CODE_LENGTH_MAX })),
  walletAgreement: flag(),
  disabled: flag(),
} satisfies Record<keyof AccountSettings, unknown>;

const accountId = refined(text(), (id) =>
  /^acct_\w+$/.test(id) ? undefined : { message: 'id must begin with acct_.' },
);

const shown = ({ url: address, secret, api_version }: RealtimeEndpoint): object => ({
  url: address,
  secret,
  api_version,
});

export const accountRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'POST',
    path: '/_sim/accounts',
    summary: 'Makes a connected account; asking for one that exists is harmless.',
    params: { id: accountId },
    handle({ world, params }) {
      const id = params.id ?? world.sequence.id('acct');
      const account = world.accounts.get(id) ?? world.addAccount(id);
      return { id: account.id };
    },
  }),
  controlRoute({
    method: 'GET',
    path: '/_sim/accounts',
    summary: 'All accounts with their settings and real-time endpoints; the platform comes first.',
    params: {},
    handle: ({ world }) => ({
      accounts: [...world.accounts.values()].map((account) => ({
        id: account.id,
        platform: account.isPlatform,
        settings: account.settings,
        realtime_endpoint: account.realtime === undefined ? null : shown(account.realtime),
      })),
    }),
  }),
  controlRoute({
    method: 'PUT',
    path: '/_sim/accounts/{account}/realtime_endpoint',
    summary:
      "Sets the account's endpoint for issuing_authorization.request, and the API version that it gets.",
    params: { url: required(url()), secret: text(), api_version: apiVersion },
    handle(call) {
      const account = namedAccount(call);
      const { url: address, secret } = call.params;
      // A repeated call without a secret keeps the one the receiver already knows; the version likewise.
      account.realtime = {
        url: address,
        api_version: call.params.api_version ?? account.realtime?.api_version ?? API_VERSION,
        secret: secret ?? account.realtime?.secret ?? newSecret(call.world.sequence),
        rolled: secret === undefined ? (account.realtime?.rolled ?? []) : [],
      };
      return shown(account.realtime);
    },
  }),
  controlRoute({
    method: 'DELETE',
    path: '/_sim/accounts/{account}/realtime_endpoint',
    summary: 'Removes it: what passes the checks of Stripe is approved at once.',
    params: {},
    handle(call) {
      namedAccount(call).realtime = undefined;
      return { deleted: true };
    },
  }),
  controlRoute({
    method: 'PUT',
    path: '/_sim/accounts/{account}/settings',
    summary: `Changes the named settings. Defaults: ${JSON.stringify(DEFAULT_SETTINGS)}`,
    params: SETTINGS,
    handle(call) {
      const account = namedAccount(call);
      const given = Object.entries(call.params).filter(([, value]) => value !== undefined);
      const before = account.settings;
      account.settings = { ...before, ...Object.fromEntries(given) };
      if (before.program !== 'managed' && account.settings.program === 'managed')
        bookOpen({ world: call.world, account, cause: NO_CAUSE });
      return account.settings;
    },
  }),
];
