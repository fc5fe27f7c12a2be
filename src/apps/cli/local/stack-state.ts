/** What a stack remembers in `stack.json`: its secrets, which parts are its own, and where the data lies. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface StackSecrets {
  readonly ownerPassword: string;
  readonly appPassword: string;
  readonly apiKey: string;
  readonly stripeKey: string;
  /** Signs the simulator's real-time requests. */
  readonly signingSecret: string;
}

/** A webhook endpoint registered at the simulator; Stripe shows its secret only once. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly secret: string;
  /** True for the endpoint that receives the events of connected accounts. */
  readonly connect: boolean;
}

/** Which parts the stack brings itself. */
export interface EmbeddedParts {
  readonly postgres: boolean;
  readonly temporal: boolean;
  readonly simulator: boolean;
}

export interface StackState {
  readonly formatVersion: 1;
  /** False until a start was complete; what an incomplete first start left behind has no value. */
  readonly isEstablished: boolean;
  readonly embedded: EmbeddedParts;
  /** Absolute; it may lie outside of the stack's folder. Undefined when Postgres is not embedded. */
  readonly postgresData?: string | undefined;
  /** Where its own Temporal server listened at the last start. */
  readonly temporalAddress?: string | undefined;
  /** Where its own simulator listened at the last start. */
  readonly simulatorAddress?: string | undefined;
  readonly secrets: StackSecrets;
  readonly webhookEndpoints: readonly WebhookEndpoint[];
}

const FILE_NAME = 'stack.json';
/** 192 bits: beyond guessing. */
const SECRET_BYTES = 24;

const randomText = (prefix: string): string =>
  `${prefix}${randomBytes(SECRET_BYTES).toString('hex')}`;

export const newState = (embedded: EmbeddedParts): StackState => ({
  formatVersion: 1,
  isEstablished: false,
  embedded,
  secrets: {
    ownerPassword: randomText(''),
    appPassword: randomText(''),
    apiKey: randomText('key_'),
    stripeKey: randomText('sk_test_'),
    signingSecret: randomText('whsec_'),
  },
  webhookEndpoints: [],
});

/** Undefined when there is none. Throws when the file cannot be understood. */
export async function readState(folder: string): Promise<StackState | undefined> {
  const file = join(folder, FILE_NAME);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const state = JSON.parse(text) as StackState;
    if (state.formatVersion === 1) return state;
  } catch {
    // Reported below, as for a foreign version.
  }
  throw new Error(
    `${file} is damaged or was written by another version. Delete ${folder} to start anew`,
  );
}

/** Written beside and renamed, so that a crash leaves the old or the new file. It holds secrets: mode 0600. */
export async function writeState(folder: string, state: StackState): Promise<void> {
  const file = join(folder, FILE_NAME);
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(fresh, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}
