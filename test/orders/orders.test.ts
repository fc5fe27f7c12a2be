/**
 * The order test: each recorded script is told in every order (in many, where it is long), with repeats and in
 * batches, and must end as it does in true order. After each step the oracle says how much may be available at most.
 *
 * - A *script* (script.ts, scripts/) is the life of some purchases. It is acted out on a simulator once, under every
 *   value of the options that matter to it (option.ts); its steps then are a *recording* (recorder.ts). Which cases
 *   the scripts have to cover is in case-table.ts.
 * - A *telling* gives the steps of a recording to empty books in one *order* (order.ts): to books in memory here
 *   (telling.ts), to those in Postgres in test/ledger/order.test.ts (the files named postgres-*).
 * - A *look* is the object as a call to Stripe would have fetched it at some moment: what settles a tie.
 * - The *oracle* (oracle.ts) knows the truth from the recording, and from it what may be available at most after the
 *   steps that a telling has brought so far.
 * - The *ending* (ending.ts) is what must be the same after all orders.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CapturedAmountReading } from '../../src/domain/hold.ts';
import { DEFAULT_SETTINGS } from '../../src/simulator/world/account.ts';
import { CASE_ROWS } from './case-table.ts';
import { type Ending, endingOf } from './ending.ts';
import { recordAll, SCRIPTS } from './library.ts';
import { NOT_PLAYED, OPTIONS, type OptionName, valueOf, variantsOf } from './option.ts';
import { Oracle } from './oracle.ts';
import { describeOrder, type Order, ordersOf, trueOrder } from './order.ts';
import type { Recorded } from './recorded.ts';
import { ledgerOf, type Told, tell } from './telling.ts';

const seed = Number(fc.sample(fc.nat(), 1)[0]);
/** Recording takes seconds, because answers that come too late take their time. */
const RECORDING_TIMEOUT_MS = 120_000;

let recordings: readonly Recorded[];
beforeAll(async () => {
  recordings = await recordAll();
}, RECORDING_TIMEOUT_MS);

const recordedOf = (name: string): readonly Recorded[] =>
  recordings.filter(({ script }) => script.name === name);

/** Every reading of a tenant that is not plainly wrong. */
function readingsOf({ variant }: Recorded) {
  const settled = variant.settings.capturedAmount ?? 'shrinks';
  return ['unknown', settled] as const;
}

/** Tells the script; says which order it was if something is wrong on the way. */
function told(
  recorded: Recorded,
  order: Order,
  reading: CapturedAmountReading,
  oracle?: Oracle,
): Told {
  try {
    return tell(recorded, order, reading, oracle);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`${titleOf(recorded, order, reading)}: ${message}`, { cause: error });
  }
}

const titleOf = (recorded: Recorded, order: Order, reading: CapturedAmountReading): string =>
  `${recorded.name}, read as ${reading}, in the order ${describeOrder(recorded, order)}`;

const endOf = (recorded: Recorded, { books }: Told): Ending =>
  endingOf(ledgerOf(books), recorded.script);

describe('the scripts', () => {
  it('are at least 35, each with a name of its own', () => {
    expect(SCRIPTS.length).toBeGreaterThanOrEqual(35);
    expect(new Set(SCRIPTS.map(({ name }) => name)).size).toBe(SCRIPTS.length);
  });

  it('cover every row of the table of cases', () => {
    const covered = new Set(SCRIPTS.flatMap(({ covers }) => covers));
    expect(CASE_ROWS.filter((row) => !covered.has(row))).toEqual([]);
  });

  it('are recorded with every value of each option about money', () => {
    const missing = Object.entries(OPTIONS).flatMap(([name, values]) =>
      values
        .filter(
          (value) =>
            !SCRIPTS.some(
              (script) =>
                script.options?.includes(name as OptionName) === true &&
                variantsOf(script).some(
                  ({ settings }) => valueOf(settings, name as OptionName) === value,
                ),
            ),
        )
        .map((value) => `${name} ${value}`),
    );
    expect(missing).toEqual([]);
  });

  it('play every setting of an account at the simulator, or say why no money depends on it', () => {
    const named = [...Object.keys(OPTIONS), ...Object.keys(NOT_PLAYED)];
    expect(named.toSorted()).toEqual(
      [...Object.keys(DEFAULT_SETTINGS), 'capturedAmount'].toSorted(),
    );
  });
});

describe.each(SCRIPTS)('$name', (script) => {
  it('leaves what it should', () => {
    const [recorded] = recordedOf(script.name);
    if (recorded === undefined) throw new Error('it was recorded');
    const ending = endOf(recorded, told(recorded, trueOrder(recorded), 'unknown'));
    const { held, cleared, paidIn = 0, items = [] } = script.leaves;
    expect({
      availableMinor: ending.availableMinor,
      heldMinor: ending.heldMinor,
      clearedMinor: ending.settlementMinor + ending.suspenseMinor,
      items: ending.items.map(({ kind }) => kind),
    }).toEqual({
      availableMinor: recorded.fundsMinor + paidIn - held - cleared,
      heldMinor: held,
      clearedMinor: cleared,
      items,
    });
  });

  it('leaves exactly what is justified, once the reading of the amount is settled', () => {
    for (const recorded of recordedOf(script.name)) {
      const [, settled] = readingsOf(recorded);
      const { books, justifiedMinor } = told(recorded, trueOrder(recorded), settled);
      const { availableMinor } = ledgerOf(books);
      expect({ recorded: recorded.name, availableMinor }).toEqual({
        recorded: recorded.name,
        availableMinor: justifiedMinor,
      });
    }
  });
});

/** The reading that is settled is told one in so many of the orders: it changes little. */
const SETTLED_EVERY = 10;

describe(`in any order (seed ${seed})`, () => {
  it.each(SCRIPTS)('$name ends the same', ({ name }) => {
    for (const recorded of recordedOf(name)) {
      const oracle = new Oracle(recorded);
      for (const [index, reading] of readingsOf(recorded).entries()) {
        const expected = endOf(recorded, told(recorded, trueOrder(recorded), reading));
        let count = 0;
        for (const order of ordersOf(recorded, seed)) {
          count += 1;
          if (index > 0 && count % SETTLED_EVERY !== 0) continue;
          const ending = endOf(recorded, told(recorded, order, reading, oracle));
          if (isDeepStrictEqual(ending, expected)) continue;
          const title = titleOf(recorded, order, reading);
          expect({ title, ...ending }).toEqual({ title, ...expected });
        }
      }
    }
  });

  // A tie anywhere else is an error where it is told.
  it.each(SCRIPTS.filter(({ mayTie }) => mayTie))(
    '$name contradicts itself in some order',
    ({ name }) => {
      const neverTied = recordedOf(name).filter((recorded) =>
        [...ordersOf(recorded, seed)].every((order) => told(recorded, order, 'unknown').ties === 0),
      );
      expect(neverTied.map((recorded) => recorded.name)).toEqual([]);
    },
  );
});
