/** The command line of `traffic`. */

import { parseArgs } from 'node:util';
import { SECONDS_PER_HOUR } from '../machines/duration.ts';
import { DAY } from './step.ts';

export const TRAFFIC_USAGE = `Usage: issuing-simulator traffic [options]

Drives a card program through the simulator's API, and prints what it did as JSON.

  --cards N             people with a card each (20)
  --rate R              purchases per second (5)
  --duration D          how long, in seconds or as 30s, 5m, 1h (60s); what the last purchases still
                        need (captures, refunds) follows without waiting
  --seed N              the same seed gives the same traffic (1)
  --day S               seconds that a day of the program takes (a seventh of the duration); the
                        simulator's clock is moved accordingly; 86400 leaves it alone, and what is
                        due after the end is left out
  --keep-clock          leaves the simulator's clock alone and does all of the plan in the duration
                        all the same, so that what comes a day later comes soon
  --url URL             the simulator (http://127.0.0.1:12111; if none is there, one is started for
                        this run)
  --key KEY             API key (sk_test_traffic)
  --account acct_...    a connected account instead of the platform's own
  --existing-cards      uses up to N active cards that are there, and leaves their state alone
  --concurrency N       calls under way at once (8); 1 makes them in the same order in each run
  --help
`;

export class TrafficUsageError extends Error {
  override readonly name = 'TrafficUsageError';
}

export interface TrafficOptions {
  readonly cards: number;
  readonly rate: number;
  readonly durationSeconds: number;
  readonly daySeconds: number;
  /** The plan is paced by `daySeconds`, and the simulator's clock is not moved. */
  readonly keepClock: boolean;
  readonly seed: number;
  /** Undefined: the usual place, or a simulator of our own. */
  readonly url: string | undefined;
  readonly key: string;
  readonly account: string | undefined;
  readonly existingCards: boolean;
  readonly concurrency: number;
}

const DEFAULT_CARDS = '20';
const DEFAULT_RATE = '5';
const DEFAULT_DURATION = '60s';
const DEFAULT_SEED = '1';
const DEFAULT_KEY = 'sk_test_traffic';
/** One call at a time leaves the simulator idle while the client works; more than this gained nothing on 2 cores. */
const DEFAULT_CONCURRENCY = '8';
/** By default a run is a week of the program's life. */
const DAYS_PER_RUN = 7;

const CARDS_MAX = 100_000;
const CONCURRENCY_MAX = 1_000;
/** The plan is held in memory, at about half a kilobyte for a purchase. */
const PURCHASES_MAX = 500_000;
const DURATION_MAX_SECONDS = 30 * DAY;
const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: SECONDS_PER_HOUR };

/** Undefined when help is asked for. Throws `TrafficUsageError`, or a `TypeError` of `parseArgs`. */
export function readTrafficOptions(args: readonly string[]): TrafficOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cards: { type: 'string', default: DEFAULT_CARDS },
      rate: { type: 'string', default: DEFAULT_RATE },
      duration: { type: 'string', default: DEFAULT_DURATION },
      seed: { type: 'string', default: DEFAULT_SEED },
      day: { type: 'string' },
      'keep-clock': { type: 'boolean', default: false },
      url: { type: 'string' },
      key: { type: 'string', default: DEFAULT_KEY },
      account: { type: 'string' },
      'existing-cards': { type: 'boolean', default: false },
      concurrency: { type: 'string', default: DEFAULT_CONCURRENCY },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  const durationSeconds = duration(values.duration);
  const rate = positive('--rate', values.rate, PURCHASES_MAX);
  const purchases = Math.round(rate * durationSeconds);
  if (purchases < 1 || purchases > PURCHASES_MAX) {
    throw new TrafficUsageError(
      `--rate times --duration is ${purchases} purchases. It must be from 1 to ${PURCHASES_MAX}.`,
    );
  }
  return {
    cards: whole('--cards', values.cards, { min: 1, max: CARDS_MAX }),
    rate,
    durationSeconds,
    daySeconds:
      values.day === undefined
        ? Math.min(durationSeconds / DAYS_PER_RUN, DAY)
        : positive('--day', values.day, DAY),
    keepClock: values['keep-clock'],
    seed: whole('--seed', values.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    url: url(values.url),
    key: values.key,
    account: account(values.account),
    existingCards: values['existing-cards'],
    concurrency: whole('--concurrency', values.concurrency, { min: 1, max: CONCURRENCY_MAX }),
  };
}

function whole(name: string, text: string, range: { min: number; max: number }): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= range.min && number <= range.max) return number;
  throw new TrafficUsageError(
    `${name} is "${text}". It must be a whole number from ${range.min} to ${range.max}.`,
  );
}

function positive(name: string, text: string, max: number): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number > 0 && number <= max) return number;
  throw new TrafficUsageError(`${name} is "${text}". It must be a number above 0, up to ${max}.`);
}

function duration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS_PER_UNIT[unit] ?? 1);
  if (number !== '' && seconds > 0 && seconds <= DURATION_MAX_SECONDS) return seconds;
  throw new TrafficUsageError(
    `--duration is "${text}". It must be above 0 and at most 720h, in seconds or as 30s, 5m, 1h.`,
  );
}

function url(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parsed = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.pathname === '/' && parsed.search === '') return parsed.origin;
  throw new TrafficUsageError(`--url is "${text}". It must look like http://127.0.0.1:12111.`);
}

function account(text: string | undefined): string | undefined {
  if (text === undefined || /^acct_\w+$/.test(text)) return text;
  throw new TrafficUsageError(`--account is "${text}". It must begin with acct_.`);
}
