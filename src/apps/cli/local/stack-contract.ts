/** What a local stack is asked for, and what it offers while it runs. */
import type { Environment } from '../../../platform/config-reader.ts';
import type { Part } from './part.ts';
import type { AppName } from './stack-apps.ts';

export interface StackOptions {
  /** `kept` uses one folder over many runs, `throwaway` forgets everything at the end. */
  readonly mode: 'throwaway' | 'kept';
  /** By default `.local/` of the checkout for a kept stack, and a temporary folder otherwise. */
  readonly folder?: string | undefined;
  readonly seed?: number | undefined;
  /** Gets a line for each part once it is ready, and for what has to be fetched first. */
  readonly onPart?: ((line: string) => void) | undefined;
  /** Which of our processes to start; by default all. */
  readonly parts?: readonly AppName[] | undefined;
  /** Added to the environment of every process, e.g. `{ CLOCK_OFFSET_MS: '…' }`. */
  readonly env?: Environment | undefined;
  /** What is read as this process' own environment, for tests. */
  readonly environment?: Environment | undefined;
  /** Aborting it stops what was started so far; `startStack` then rejects. */
  readonly signal?: AbortSignal | undefined;
  /** `random` never takes a port that something else may expect for itself; for tests. */
  readonly ports?: 'defaults' | 'random' | undefined;
  /** Leaves the logs of a throw-away stack in place at the end; its data is removed. */
  readonly keepFolder?: boolean | undefined;
  /** False trades safety against a power cut for speed; for tests. */
  readonly durable?: boolean | undefined;
  /** True lets a throw-away Temporal find its workflows again after a kill, as a kept one does; for tests. */
  readonly keepsWorkflows?: boolean | undefined;
  /** Other modules in the place of ours, by absolute path; for tests. */
  readonly modules?: Readonly<Partial<Record<AppName | 'simulator', string>>> | undefined;
  /** Where the SQL files are, for tests. */
  readonly migrations?: string | undefined;
}

interface StackUrls {
  readonly ingress: string;
  readonly authorizer: string;
  readonly relay: string;
  readonly worker: string;
  /** The simulator, or the API base of the Stripe account that was given. */
  readonly simulator: string;
  /** `host:port`, as TEMPORAL_ADDRESS has it. */
  readonly temporal: string;
  /** Undefined when the Temporal server was given from outside. */
  readonly temporalUi: string | undefined;
}

export interface Stack {
  readonly urls: StackUrls;
  readonly temporalNamespace: string;
  /** Connects as the processes' role. */
  readonly databaseUrl: string;
  /** Connects as the owner of the schema. */
  readonly ownerUrl: string;
  readonly apiKey: string;
  /** Of the endpoint for our own account's events. */
  readonly webhookSecret: string;
  readonly webhookSecrets: readonly string[];
  /** Signs real-time requests, for the platform and for `DEMO_CONNECTED_ACCOUNT`. */
  readonly signingSecret: string;
  readonly stripeKey: string;
  readonly folder: string;
  readonly logs: string;
  /** Resolves with a line when a part ends without having been asked to. */
  readonly crashed: Promise<string>;
  /** A part that this stack started: postgres, temporal, simulator or one of our processes. */
  part(name: AppName | 'postgres' | 'temporal' | 'simulator'): Part;
  /** Leaves the folder with the logs in place when the stack stops, because somebody will want to read them. */
  keepLogs(): void;
  /** Ends all parts within 5 s; a throw-away folder is removed. Repeated calls wait for the first. */
  stop(): Promise<void>;
}
