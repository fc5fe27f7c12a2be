/** Reads the arguments of the command line. Pure: what is wrong comes back as a sentence. */
import { parseArgs } from 'node:util';
import { type ApiKeysLine, parseApiKeys } from './api-keys/api-keys-arguments.ts';
import type { AttentionArguments } from './attention/run-attention.ts';
import {
  COMPLETENESS_USAGE,
  type CompletenessArguments,
  parseCompleteness,
} from './completeness/completeness-arguments.ts';
import {
  parseReconcile,
  RECONCILE_USAGE,
  type ReconcileArguments,
} from './reconcile/reconcile-arguments.ts';
import type { RestoreArguments } from './workflows-restore/run-workflows-restore.ts';

export interface DemoArguments {
  readonly cards: number;
  readonly seed: number;
  readonly keep: boolean;
  readonly report?: string;
}

export type CommandLine =
  | { readonly command: 'demo'; readonly demo: DemoArguments }
  | { readonly command: 'start' }
  | { readonly command: 'migrate' }
  | { readonly command: 'ledger-verify'; readonly all: boolean }
  | { readonly command: 'workflows-restore'; readonly restore: RestoreArguments }
  | { readonly command: 'completeness'; readonly completeness: CompletenessArguments }
  | { readonly command: 'attention'; readonly attention: AttentionArguments }
  | { readonly command: 'reconcile'; readonly reconcile: ReconcileArguments }
  | ApiKeysLine;

export const USAGE = `Usage:
  npm run demo -- [--cards N] [--seed S] [--keep] [--report FILE]
      Brings everything up in a throw-away folder, lets N cards live (default 6), and checks the books.
      --seed S       the same seed gives the same cards, purchases and books (default 1)
      --keep         leaves the folder with the logs in place
      --report FILE  writes the outcome as JSON
  npm start
      Runs the whole system on this machine and keeps its state in .local/. Ctrl-C stops it.
  npm run db:migrate
      Applies the migrations to the database of DATABASE_OWNER_URL.
  npm run ledger:verify -- [--all]
      Re-computes the books of DATABASE_URL, or of a running \`npm start\`, and names the first difference.
      Ends with 0 when there is none, 1 when there is, 2 when the database cannot be read.
      --all          names up to 100 differences
  npm run workflows:restore -- [--dry-run] [--after CARD]
      Starts the workflow of every open card of DATABASE_URL that has none, on TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE,
      or of a running \`npm start\`. Harmless to repeat: cards whose workflow runs are left alone.
      Ends with 0 when every open card has its workflow, 1 when some could not be given one, 2 when it had to stop.
      --dry-run      says what it would start
      --after CARD   goes on after this card; cards come in the order of their ids
${COMPLETENESS_USAGE}  npm run attention -- [--tenant T] [--card C]
      Lists what needs a person, of DATABASE_URL or of a running \`npm start\`, the newest last, with what to do.
      Ends with 2 when the database cannot be read.
  npm run api-keys -- create --name N --scope read|operate|admin
  npm run api-keys -- list
  npm run api-keys -- revoke KEY
      Makes, lists and revokes keys of the API in the database of DATABASE_OWNER_URL, or of a running \`npm start\`.
      A new key is shown once, alone on standard output. A revoked one is refused from its next request on.
${RECONCILE_USAGE}`;

const DEMO_CARDS_DEFAULT = 6;
const DEMO_CARDS_MAX = 1_000;
const DEMO_SEED_DEFAULT = 1;
/** The simulator's generator takes 32 bits. */
const DEMO_SEED_MAX = 2 ** 32 - 1;

export function parseCommandLine(args: readonly string[]): CommandLine {
  const [command, ...rest] = args;
  switch (command) {
    case undefined:
      return wrong('No command given');
    case 'help':
    case '--help':
    case '-h':
      return { command: 'help' };
    case 'demo':
      return parseDemo(rest);
    case 'start':
    case 'migrate':
      return withoutOptions(command, rest);
    case 'ledger-verify':
      return parseLedgerVerify(rest);
    case 'workflows-restore':
      return parseWorkflowsRestore(rest);
    case 'completeness':
      return parseCompleteness(rest);
    case 'attention':
      return parseAttention(rest);
    case 'api-keys':
      return parseApiKeys(rest);
    case 'reconcile':
      return parseReconcile(rest);
    default:
      return wrong(`Unknown command "${command}"`);
  }
}

const wrong = (problem: string): CommandLine => ({ command: 'wrong', problem });

function withoutOptions(command: 'start' | 'migrate', args: readonly string[]): CommandLine {
  if (args.includes('--help') || args.includes('-h')) return { command: 'help' };
  const [first] = args;
  return first === undefined
    ? { command }
    : wrong(`${command} takes no options, but got "${first}"`);
}

function parseLedgerVerify(args: readonly string[]): CommandLine {
  if (args.includes('--help') || args.includes('-h')) return { command: 'help' };
  const other = args.find((arg) => arg !== '--all');
  return other === undefined
    ? { command: 'ledger-verify', all: args.includes('--all') }
    : wrong(`ledger-verify takes no option but --all, and got "${other}"`);
}

const CARD_ID = /^card_[A-Za-z0-9]+$/;

function parseWorkflowsRestore(args: readonly string[]): CommandLine {
  let values: { 'dry-run'?: boolean; after?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        'dry-run': { type: 'boolean' },
        after: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return wrong(firstLineOf(error));
  }
  if (values.help) return { command: 'help' };
  const { after = '', 'dry-run': dryRun = false } = values;
  if (values.after !== undefined && !CARD_ID.test(after)) {
    return wrong(`--after is "${after}"; it must be the id of a card, card_...`);
  }
  return { command: 'workflows-restore', restore: { after, dryRun } };
}

const TENANT_ID = /^ten_[A-Za-z0-9]+$/;

function parseAttention(args: readonly string[]): CommandLine {
  let values: { tenant?: string; card?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        tenant: { type: 'string' },
        card: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return wrong(firstLineOf(error));
  }
  if (values.help) return { command: 'help' };
  const { tenant, card } = values;
  if (tenant !== undefined && !TENANT_ID.test(tenant)) {
    return wrong(`--tenant is "${tenant}"; it must be the id of a tenant, ten_...`);
  }
  if (card !== undefined && !CARD_ID.test(card)) {
    return wrong(`--card is "${card}"; it must be the id of a card, card_...`);
  }
  const attention = {
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(card === undefined ? {} : { cardId: card }),
  };
  return { command: 'attention', attention };
}

const firstLineOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);

function parseDemo(args: readonly string[]): CommandLine {
  let values: { cards?: string; seed?: string; keep?: boolean; report?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: joinNegativeNumbers(args),
      options: {
        cards: { type: 'string' },
        seed: { type: 'string' },
        keep: { type: 'boolean' },
        report: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return wrong(firstLineOf(error));
  }
  if (values.help) return { command: 'help' };
  const cards = integer(values.cards, DEMO_CARDS_DEFAULT, 1, DEMO_CARDS_MAX);
  if (cards === undefined) {
    return wrong(
      `--cards is "${values.cards}"; it must be a whole number from 1 to ${DEMO_CARDS_MAX}`,
    );
  }
  const seed = integer(values.seed, DEMO_SEED_DEFAULT, 0, DEMO_SEED_MAX);
  if (seed === undefined) {
    return wrong(
      `--seed is "${values.seed}"; it must be a whole number from 0 to ${DEMO_SEED_MAX}`,
    );
  }
  if (values.report === '') return wrong('--report needs the name of a file');
  const { report, keep = false } = values;
  return {
    command: 'demo',
    demo: { cards, seed, keep, ...(report === undefined ? {} : { report }) },
  };
}

/** `--cards -1` as `--cards=-1`, which is then refused for its value; apart, it would look like another option. */
function joinNegativeNumbers(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1);
    if (/^-\d/.test(arg) && (last === '--cards' || last === '--seed')) {
      joined.splice(-1, 1, `${last}=${arg}`);
    } else {
      joined.push(arg);
    }
  }
  return joined;
}

function integer(
  text: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return fallback;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
