/** The simulator as a library: what tests and the local stack use. */
import { accountRoutes } from './control/account.ts';
import { balanceRoutes } from './control/balance.ts';
import { createControl } from './control/control-route.ts';
import { disputeRoutes } from './control/dispute.ts';
import { faultRoutes } from './control/fault.ts';
import { identityRoutes } from './control/identity.ts';
import { issuingRoutes } from './control/issuing.ts';
import { networkRoutes } from './control/network.ts';
import { reportingRoutes } from './control/reporting.ts';
import { simulatorRoutes } from './control/simulator.ts';
import { snapshotRoutes } from './control/snapshot.ts';
import { tokenRoutes } from './control/token.ts';
import { webhookRoutes } from './control/webhooks.ts';
import { IdempotencyStore } from './http/idempotency.ts';
import { RouteTable } from './http/route-table.ts';
import { createServer } from './http/server.ts';
import { allOperations } from './operations.ts';
import { DEFAULT_OPTIONS, type SimulatorOptions } from './options.ts';
import { commandLineOperations } from './resources/command-line.ts';
import { settleAuthorization } from './resources/decision.ts';
import { keepAppointment, scheduleAll } from './resources/tasks.ts';
import { NO_CAUSE } from './world/account.ts';
import { createStateFile, openWorld } from './world/state-file.ts';
import type { World } from './world/world.ts';

export { API_VERSION, type CallRecord, type SimulatorOptions } from './options.ts';

/** How often old events and idempotency keys are dropped. */
const SWEEP_INTERVAL_MS = 30_000;
const SETTLE_POLL_MS = 5;
const SETTLE_TIMEOUT_MS = 10_000;

export interface Simulator {
  /** Starts to answer; resolves to the URL. */
  listen(): Promise<string>;
  /** Valid once it listens. */
  readonly url: string;
  readonly port: number;
  /** The id of the platform's own account. */
  readonly platformAccount: string;
  /**
   * Resolves once no call is under way and every webhook has been delivered; rejects after `timeoutMs`, in
   * particular when a receiver is down.
   */
  settle(timeoutMs?: number): Promise<void>;
  /** Ends at once: calls and deliveries under way are cut; what is undelivered goes into the state file. */
  close(): Promise<void>;
}

/** Makes a simulator. Throws when the state file cannot be used. */
export function createSimulator(given: Partial<SimulatorOptions> = {}): Simulator {
  const options: SimulatorOptions = { ...DEFAULT_OPTIONS, ...given };
  const idempotency = new IdempotencyStore();
  const world = openWorld(options, idempotency, keepAppointment);
  const stateFile =
    options.stateFile === undefined
      ? undefined
      : createStateFile(
          { path: options.stateFile, onFailure: options.onSaveFailure },
          world,
          idempotency,
        );
  if (stateFile !== undefined) world.onChange = () => stateFile.touch();
  revive(world);
  const server = createServer({
    api: {
      world,
      routes: new RouteTable([...allOperations(world), ...commandLineOperations]),
      idempotency,
    },
    control: createControl(world, [
      ...accountRoutes,
      ...disputeRoutes,
      ...balanceRoutes,
      ...faultRoutes,
      ...identityRoutes,
      ...issuingRoutes,
      ...reportingRoutes,
      ...networkRoutes,
      ...simulatorRoutes,
      ...tokenRoutes,
      ...webhookRoutes,
      ...snapshotRoutes(idempotency, revive),
    ]),
    onCall: options.onCall,
  });
  const sweep = setInterval(() => {
    world.dropOld();
    idempotency.prune(world.clock.now());
  }, SWEEP_INTERVAL_MS);
  sweep.unref();
  let port = options.port;

  async function close(): Promise<void> {
    clearInterval(sweep);
    world.close();
    await server.close();
    await stateFile?.close();
  }

  return {
    async listen() {
      port = await server.listen(options.host, options.port);
      world.baseUrl = reachable(this.url);
      return this.url;
    },
    get url() {
      return `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
    },
    get port() {
      return port;
    },
    get platformAccount() {
      return world.platform.id;
    },
    settle: (timeoutMs = SETTLE_TIMEOUT_MS) =>
      until(() => server.underWay === 0 && world.deliverer.pendingCount === 0, timeoutMs),
    close,
  };
}

/** What a world needs whose rows were loaded. */
function revive(world: World): void {
  settleInterrupted(world);
  scheduleAll(world);
}

/** An address that listens everywhere is no address to call. */
const reachable = (url: string): string => url.replace(/0\.0\.0\.0|\[::\]/, '127.0.0.1');

/** Requests whose answer an end of the process cut off count as not answered in time. */
function settleInterrupted(world: World): void {
  for (const account of world.accounts.values()) {
    const scope = { world, account, cause: NO_CAUSE };
    for (const row of account.authorizations.all()) {
      if (row.status !== 'pending' || row.request_history.length > 0) continue;
      const request = {
        amount: row.sim.requested,
        amount_details: row.amount_details,
        currency: row.currency,
        is_amount_controllable: false,
        merchant_amount: Math.round(row.sim.requested * row.sim.merchantRate),
        merchant_currency: row.merchant_currency,
        network_risk_score: null,
      };
      const approved = account.settings.timeoutPolicy === 'approve';
      const decision = { approved, reason: 'webhook_timeout', message: null } as const;
      settleAuthorization(scope, row.id, request, { decision, requestedAt: row.created });
    }
  }
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline)
      throw new Error(`The simulator did not settle within ${timeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
  }
}
