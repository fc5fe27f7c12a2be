/**
 * Settings of the simulator that can change what the books do. Stripe does not say which of the values holds, so a
 * script is recorded under every value of each setting that can matter to it, one at a time.
 */
import {
  CAPTURED_AMOUNT_MODES,
  CLOSED_AMOUNT_MODES,
} from '../../src/simulator/machines/authorization.ts';
import {
  ERROR_POLICIES,
  SURPLUS_POLICIES,
  TIMEOUT_POLICIES,
  VERSION_CHECKS,
} from '../../src/simulator/machines/decision-answer.ts';
import { FUEL_PUMP_HOLDS } from '../../src/simulator/machines/fuel-pump.ts';
import { PROGRAMS } from '../../src/simulator/machines/issuing-balance.ts';
import {
  CVC_MISMATCH_POLICIES,
  INSECURE_METHOD_POLICIES,
} from '../../src/simulator/machines/screening.ts';
import { DEFAULT_OPTIONS, type SimulatorOptions } from '../../src/simulator/options.ts';
import {
  type AccountSettings,
  CAPTURE_EVENTS,
  DEFAULT_SETTINGS,
  NETWORK_DECLINES,
  REPLACED_CLEARINGS,
  VERIFICATION_EVENTS,
} from '../../src/simulator/world/account.ts';

type Choices<Of> = { readonly [Name in keyof Of]: readonly Of[Name][] };

/** The values that are played. */
export const OPTIONS = {
  // How the amount of an authorization reads, and which events tell of it.
  capturedAmount: CAPTURED_AMOUNT_MODES,
  closedAmount: CLOSED_AMOUNT_MODES,
  captureEvents: CAPTURE_EVENTS,
  replacedClearing: REPLACED_CLEARINGS,
  verificationEvents: VERIFICATION_EVENTS,
  exchangeRateDrift: [0, 0.1],
  fuelPumpHold: FUEL_PUMP_HOLDS,
  // Whether our answer counts, and what happens where it does not.
  timeoutPolicy: TIMEOUT_POLICIES,
  errorPolicy: ERROR_POLICIES,
  stripeVersionCheck: VERSION_CHECKS,
  unknownAnswerFields: SURPLUS_POLICIES,
  uncontrollableAmount: SURPLUS_POLICIES,
  networkDecline: NETWORK_DECLINES,
  // The second is also the reason of the stand-in, which answers what we were never asked.
  networkDeclineReason: ['not_allowed', 'network_fallback'],
  // Whether we are asked at all.
  program: PROGRAMS,
  cvcMismatch: CVC_MISMATCH_POLICIES,
  insecureMethods: INSECURE_METHOD_POLICIES,
  fraudChallenges: ['off', 'on'],
  disabled: [false, true],
} as const satisfies Partial<Choices<AccountSettings & SimulatorOptions>>;
export type OptionName = keyof typeof OPTIONS;

/** Why no money depends on the others. The compiler asks for each setting of an account, here or above. */
export const NOT_PLAYED: Readonly<Record<Exclude<keyof AccountSettings, OptionName>, string>> = {
  designInReview: 'it decides which cards can be made, and every script begins with a card',
  reportData: 'reports are compared with the books, nothing is booked from them',
  settlementEvents: 'nothing is posted yet for settlements between Stripe and the program',
  canceledCardTokens:
    'a purchase with a dead token is declined before anybody is asked, as others are',
  replacedCardTokens:
    'a purchase with a dead token is declined before anybody is asked, as others are',
  illegalStepCode: 'it names an error of an API call, and the books follow events and objects',
  walletAgreement:
    'it decides whether a card can be put into a wallet, which is before any purchase',
};

/** Options that are not at the simulator's default. */
export type Settings = { readonly [Name in OptionName]?: (typeof OPTIONS)[Name][number] };
type Value = string | number | boolean;

export interface Variant {
  readonly name: string;
  readonly settings: Settings;
}

/** The settings of a script as they are, then with each option that matters to it turned over. */
export function variantsOf(script: {
  readonly settings?: Settings;
  readonly options?: readonly OptionName[];
}): readonly Variant[] {
  const { settings = {}, options = [] } = script;
  return [
    { name: 'as it is', settings },
    ...options.flatMap((option) => {
      const values: readonly Value[] = OPTIONS[option];
      return values
        .filter((value) => value !== valueOf(settings, option))
        .map((value) => ({
          name: `${option} ${value}`,
          settings: { ...settings, [option]: value },
        }));
    }),
  ];
}

export const valueOf = (settings: Settings, option: OptionName): Value =>
  settings[option] ?? DEFAULTS[option];

const DEFAULTS = { ...DEFAULT_OPTIONS, ...DEFAULT_SETTINGS };
