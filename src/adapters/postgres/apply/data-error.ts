/** Tells what the data of a row is to blame for from what another try may get over. */
import postgres from 'postgres';
import { InvalidIdError } from '../../../domain/ids.ts';
import { InvariantError } from '../../../domain/invariant.ts';

/** SQLSTATE classes of values that do not fit and of constraints that refuse them. */
const DATA_CLASSES = new Set(['22', '23']);
/** What a function or trigger of ours raises. */
const RAISED = 'P0001';
const LOCK_TIMEOUT = '55P03';

/** True when the same row would fail alike every time: it must not hold up its group. */
export function isDataError(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) {
    return error.code === RAISED || DATA_CLASSES.has(error.code.slice(0, 2));
  }
  return (
    error instanceof InvariantError ||
    error instanceof InvalidIdError ||
    error instanceof RangeError ||
    error instanceof TypeError
  );
}

/** True when somebody else held a row for longer than we wait: nothing is wrong with the group. */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.code === LOCK_TIMEOUT;
