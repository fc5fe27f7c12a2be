#!/usr/bin/env node
/** The simulator as a process: `npm run simulator -- --help`. */
import { parseArgs } from 'node:util';
import { createLogger } from '../platform/logger.ts';
import { createShutdown } from '../platform/shutdown.ts';
import { RATE_LIMIT_MODES } from './http/rate-limit.ts';
import { createSimulator } from './index.ts';
import { CAPTURED_AMOUNT_MODES } from './machines/authorization.ts';
import { DEFAULT_OPTIONS, DISABLING_POLICIES, type SimulatorOptions } from './options.ts';
import { RETRY_SCHEDULES } from './webhooks/retry-schedule.ts';
import { CLOCK_MODES } from './world/clock.ts';

const DEFAULT_PORT = 12_111;
const PORT_MAX = 65_535;
/** A hundred years: longer than any run. */
const DAYS_MAX = 36_500;
/** Nothing is waited for at the end but the last save of the state. */
const SHUTDOWN_DEADLINE_MS = 5_000;

const USAGE = `Usage: issuing-simulator [options]
       issuing-simulator traffic [options]   drives a card program; see traffic --help

  --port N              TCP port (${DEFAULT_PORT}); 0 takes any free one
  --host HOST           address to listen on (${DEFAULT_OPTIONS.host})
  --seed N              seeds ids and random choices (${DEFAULT_OPTIONS.seed})
  --clock MODE          ${CLOCK_MODES.join(' or ')} (${DEFAULT_OPTIONS.clock}); virtual time moves only by POST /_sim/clock/advance
  --state FILE          keeps the state in this file over restarts
  --captured-amount M   ${CAPTURED_AMOUNT_MODES.join(' or ')} (${DEFAULT_OPTIONS.capturedAmount}): amount of a partly captured authorization
  --validity-days N     how long an uncaptured authorization stays valid (${DEFAULT_OPTIONS.validityDays})
  --validity-days-travel N  the same for hotels, airlines and car rental (${DEFAULT_OPTIONS.validityDaysTravel})
  --retries SCHEDULE    ${RETRY_SCHEDULES.join(', ')} (${String(DEFAULT_OPTIONS.retrySchedule)}): when failed webhook deliveries are repeated
  --disable-endpoints P ${DISABLING_POLICIES.join(', ')} (${DEFAULT_OPTIONS.disableEndpoints}): endpoints that failed for a whole schedule
  --retention-days N    drops finished authorizations, verifications and reports after N days of simulator time
  --rate-limits MODE    ${RATE_LIMIT_MODES.join(', ')} (${DEFAULT_OPTIONS.rateLimits}): the limits that Stripe publishes, in real time
  --log                 logs each call as a JSON line
  --help
`;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Arguments {
  readonly options: Partial<SimulatorOptions>;
  readonly log: boolean;
  readonly help: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      seed: { type: 'string' },
      clock: { type: 'string' },
      state: { type: 'string' },
      'captured-amount': { type: 'string' },
      'validity-days': { type: 'string' },
      'validity-days-travel': { type: 'string' },
      retries: { type: 'string' },
      'disable-endpoints': { type: 'string' },
      'retention-days': { type: 'string' },
      'rate-limits': { type: 'string' },
      log: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  return {
    options: {
      port: wholeNumber('--port', values.port, { fallback: DEFAULT_PORT, max: PORT_MAX }),
      host: values.host ?? DEFAULT_OPTIONS.host,
      seed: wholeNumber('--seed', values.seed, {
        fallback: DEFAULT_OPTIONS.seed,
        max: Number.MAX_SAFE_INTEGER,
      }),
      stateFile: values.state,
      clock: oneOf('--clock', values.clock, CLOCK_MODES) ?? DEFAULT_OPTIONS.clock,
      capturedAmount:
        oneOf('--captured-amount', values['captured-amount'], CAPTURED_AMOUNT_MODES) ??
        DEFAULT_OPTIONS.capturedAmount,
      validityDays: wholeNumber('--validity-days', values['validity-days'], {
        fallback: DEFAULT_OPTIONS.validityDays,
        max: DAYS_MAX,
      }),
      validityDaysTravel: wholeNumber('--validity-days-travel', values['validity-days-travel'], {
        fallback: DEFAULT_OPTIONS.validityDaysTravel,
        max: DAYS_MAX,
      }),
      retrySchedule:
        oneOf('--retries', values.retries, RETRY_SCHEDULES) ?? DEFAULT_OPTIONS.retrySchedule,
      disableEndpoints:
        oneOf('--disable-endpoints', values['disable-endpoints'], DISABLING_POLICIES) ??
        DEFAULT_OPTIONS.disableEndpoints,
      retentionDays: retentionDays(values['retention-days']),
      rateLimits:
        oneOf('--rate-limits', values['rate-limits'], RATE_LIMIT_MODES) ??
        DEFAULT_OPTIONS.rateLimits,
    },
    log: values.log ?? false,
    help: values.help ?? false,
  };
}

function oneOf<const T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  const found = choices.find((entry) => entry === text);
  if (found === undefined && text !== undefined)
    throw new UsageError(`${name} is "${text}". It must be one of ${choices.join(', ')}.`);
  return found;
}

function wholeNumber(
  name: string,
  text: string | undefined,
  range: { fallback: number; max: number },
): number {
  if (text === undefined) return range.fallback;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= range.max) return number;
  throw new UsageError(`${name} is "${text}". It must be a whole number from 0 to ${range.max}.`);
}

const retentionDays = (text: string | undefined): number | undefined =>
  text === undefined
    ? undefined
    : wholeNumber('--retention-days', text, { fallback: 0, max: DAYS_MAX });

const reportFailure = (error: unknown): void => {
  process.stderr.write(
    `issuing-simulator: ${error instanceof Error ? error.message : String(error)}\n`,
  );
};

async function run(args: readonly string[]): Promise<void> {
  if (args[0] === 'traffic') {
    // Loaded only now, so that the simulator itself starts without the client.
    const { runTraffic } = await import('./traffic/command.ts');
    process.exitCode = await runTraffic(args.slice(1));
    return;
  }
  const { options, log, help } = readArguments(args);
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  const logger = createLogger({ name: 'simulator', level: log ? 'info' : 'silent' });
  const simulator = createSimulator({
    ...options,
    onSaveFailure: reportFailure,
    onCall: log ? (call) => logger.info(call) : undefined,
  });
  const shutdown = createShutdown(logger, SHUTDOWN_DEADLINE_MS);
  shutdown.add('simulator', () =>
    simulator.close().catch((error: unknown) => {
      reportFailure(error);
      process.exitCode = 1;
    }),
  );
  const url = await simulator.listen();
  process.stdout.write(
    `Stripe Issuing simulator: ${url} (platform account ${simulator.platformAccount})\n`,
  );
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  reportFailure(error);
  if (usage) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}
