/** A relay's apply loops in a process of their own, which the record `ipi_kills` ends while it is being read. */
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { applySuspects } from '../../src/adapters/postgres/apply/suspects.ts';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import type { StoredEvent } from '../../src/ports/event-application.ts';
import { arrivalClock } from '../support/stripe-events.ts';

const sql = createSql({ url: String(process.argv[2]), poolSize: 4, name: 'dying-relay' });

function interpret(type: string, event: StoredEvent) {
  if (JSON.stringify(event).includes('"ipi_kills"')) {
    process.kill(process.pid, 'SIGKILL');
    // Nothing more may be done until the signal is there.
    for (;;);
  }
  return interpretEvent(type, event);
}

const options = { interpret, clock: arrivalClock, relay: 'dying', lanesMax: 4, onError: () => {} };
let settled: number;
do {
  const [waiting, suspects] = [await applyInbox(sql, options), await applySuspects(sql, options)];
  settled = waiting.applied + waiting.attention + suspects.applied + suspects.attention;
} while (settled > 0);
await sql.end();
