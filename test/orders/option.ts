/**
 * Money-related options of the simulator. Stripe does not say which of the two values holds, so a script is recorded
 * under both values of every option that can matter to it, one at a time.
 */

/** The simulator's own default first, then the other value. */
export const OPTIONS = {
  capturedAmount: ['shrinks', 'stays'],
  closedAmount: ['kept', 'zeroed'],
  captureEvents: ['transaction_first', 'authorization_first'],
  networkDecline: ['created_declined', 'created_then_reversed'],
  replacedClearing: ['original', 'replacement'],
  exchangeRateDrift: [0, 0.1],
  fuelPumpHold: ['default_hold', 'requested'],
  timeoutPolicy: ['decline', 'approve'],
  errorPolicy: ['decline', 'timeout_policy'],
  uncontrollableAmount: ['refuse', 'ignore'],
  verificationEvents: ['not_sent', 'sent'],
} as const;
export type OptionName = keyof typeof OPTIONS;

/** Options that are not at the simulator's default. */
export type Settings = { readonly [Name in OptionName]?: (typeof OPTIONS)[Name][number] };

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
    ...options.map((option) => {
      const value = OPTIONS[option].find((v) => v !== valueOf(settings, option));
      return { name: `${option} ${value}`, settings: { ...settings, [option]: value } };
    }),
  ];
}

export const valueOf = (settings: Settings, option: OptionName): string | number =>
  settings[option] ?? OPTIONS[option][0];
