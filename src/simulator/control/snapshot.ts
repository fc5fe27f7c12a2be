/** The whole state at once: taken, and put back into the running simulator. */
import { invalidRequest } from '../http/failure.ts';
import type { IdempotencyStore } from '../http/idempotency.ts';
import { loadSnapshot, mismatch, openSeal, sealSnapshot, takeSnapshot } from '../world/snapshot.ts';
import type { World } from '../world/world.ts';
import { type ControlRoute, controlRoute } from './control-route.ts';

/** `revive` is called with a world whose rows were loaded. */
export const snapshotRoutes = (
  idempotency: IdempotencyStore,
  revive: (world: World) => void,
): readonly ControlRoute[] => [
  controlRoute({
    method: 'GET',
    path: '/_sim/snapshot',
    summary:
      'The whole state: objects, clock, counters, settings, keys, faults, and events still to be delivered.',
    params: {},
    handle: ({ world }) => sealSnapshot(takeSnapshot(world, idempotency, true)),
  }),
  {
    method: 'POST',
    path: '/_sim/restore',
    summary:
      'Makes the state that of a snapshot, word for word as it was taken. Anything else is refused and changes nothing.',
    schema: { type: 'object', additionalProperties: true },
    run: () => ({}),
    async runRaw(world, body) {
      const snapshot = openSeal(parse(body));
      if (snapshot === undefined) {
        throw invalidRequest('The body is not an unchanged snapshot of this version.');
      }
      const hindrance = mismatch(world, snapshot);
      if (hindrance !== undefined) throw invalidRequest(hindrance);
      await world.time.between(() => {
        loadSnapshot(world, idempotency, snapshot);
        revive(world);
      });
      return { now: world.clock.now(), platform_account: world.platform.id };
    },
  },
];

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw invalidRequest('The body is not JSON.');
  }
}
