/** Tells what the data of a row is to blame for from what another try may get over. */
import postgres from 'postgres';
import { InvalidIdError } from '../../../domain/ids.ts';
import { InvariantError } from '../../../domain/invariant.ts';
import { isDatabaseOutage, isOfReplica } from '../database-outage.ts';

/** SQLSTATE classes of values that do not fit and of constraints that refuse them. */
const DATA_CLASSES = new Set(['22', '23']);
/** What a function or trigger of ours raises. */
const RAISED = 'P0001';
const LOCK_TIMEOUT = '55P03';
/** Of two that waited for one another, Postgres ends one. */
const DEADLOCK = '40P01';
/** A statement that took too long. The server works, so the row may be what takes so long. */
const CANCELED = '57014';

const codeOf = (error: unknown): string | null =>
  error instanceof postgres.PostgresError ? error.code : null;

/** True when the same row would fail alike every time: it must not hold up its group. */
export function isDataError(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== null) return code === RAISED || DATA_CLASSES.has(code.slice(0, 2));
  return (
    error instanceof InvariantError ||
    error instanceof InvalidIdError ||
    error instanceof RangeError ||
    error instanceof TypeError
  );
}

/** True when somebody else held a row for longer than we wait: nothing is wrong with the group. */
export function isLockConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === LOCK_TIMEOUT || code === DEADLOCK;
}

/** True when the database is away, so that whatever was tried tells nothing of the row. */
export const isOutage = (error: unknown): boolean =>
  (isDatabaseOutage(error) && codeOf(error) !== CANCELED) || isOfReplica(error);
