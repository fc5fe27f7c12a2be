/** Accounts, their real-time endpoints and their settings. */
import { invalidRequest } from '../http/failure.ts';
import { TIMEOUT_POLICIES } from '../machines/decision-answer.ts';
import { CVC_MISMATCH_POLICIES } from '../machines/screening.ts';
import { newSecret } from '../resources/webhook-endpoint.ts';
import { type ControlRoute, namedAccount } from './control-route.ts';

const DECLINE_REASONS = [
  'not_allowed',
  'suspected_fraud',
  'network_fallback',
  'verification_failed',
  'account_disabled',
] as const;

export const accountRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/_sim/accounts',
    summary: 'Makes a connected account. {id?}',
    handle({ world, body }) {
      const id = body.only('id').optionalText('id') ?? world.sequence.id('acct');
      if (!/^acct_\w+$/.test(id))
        throw invalidRequest('id must begin with acct_.', { param: 'id' });
      // Repeating the call is harmless, so that a program can ask for its accounts at every start.
      const account = world.accounts.get(id) ?? world.addAccount(id);
      return { id: account.id };
    },
  },
  {
    method: 'GET',
    path: '/_sim/accounts',
    summary: 'All accounts with their settings and real-time endpoints; the platform comes first.',
    handle: ({ world }) => ({
      accounts: [...world.accounts.values()].map((account) => ({
        id: account.id,
        platform: account.isPlatform,
        settings: account.settings,
        realtime_endpoint: account.realtime ?? null,
      })),
    }),
  },
  {
    method: 'PUT',
    path: '/_sim/accounts/{account}/realtime_endpoint',
    summary: "Sets the account's endpoint for issuing_authorization.request. {url, secret?}",
    handle(call) {
      const account = namedAccount(call);
      const body = call.body.only('url', 'secret');
      const url = body.text('url');
      if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
        throw invalidRequest('url must be an absolute http or https URL.', { param: 'url' });
      }
      // A repeated call without a secret keeps the one the receiver already knows.
      const secret =
        body.optionalText('secret') ?? account.realtime?.secret ?? newSecret(call.world.sequence);
      account.realtime = { url, secret };
      return account.realtime;
    },
  },
  {
    method: 'DELETE',
    path: '/_sim/accounts/{account}/realtime_endpoint',
    summary: 'Removes it: what passes the checks of Stripe is approved at once.',
    handle(call) {
      namedAccount(call).realtime = undefined;
      return { deleted: true };
    },
  },
  {
    method: 'PUT',
    path: '/_sim/accounts/{account}/settings',
    summary:
      'Changes settings. {timeoutPolicy?, errorPolicy?, cvcMismatch?, networkDeclineReason?, disabled?}',
    handle(call) {
      const account = namedAccount(call);
      const body = call.body.only(...Object.keys(account.settings));
      const old = account.settings;
      account.settings = {
        timeoutPolicy: body.optionalChoice('timeoutPolicy', TIMEOUT_POLICIES) ?? old.timeoutPolicy,
        errorPolicy:
          body.optionalChoice('errorPolicy', ['decline', 'timeout_policy']) ?? old.errorPolicy,
        cvcMismatch: body.optionalChoice('cvcMismatch', CVC_MISMATCH_POLICIES) ?? old.cvcMismatch,
        networkDeclineReason:
          body.optionalChoice('networkDeclineReason', DECLINE_REASONS) ?? old.networkDeclineReason,
        disabled: body.optionalFlag('disabled') ?? old.disabled,
      };
      return account.settings;
    },
  },
];
