/** The time budget of a decision. Stripe waits 2 s; the strictest peers wait 500 ms, so that fits everywhere. */

/** Postgres gets this long, from the moment the request was received. */
export const POSTGRES_BUDGET_MS = 350;
/** The answer is given by then, whatever happened, so that it has left after 500 ms on a busy machine too. */
export const ANSWER_BUDGET_MS = 450;
/** How often a question whose account is locked by somebody else is sent again. */
export const BUSY_RETRY_MS = 5;
/** Questions in memory; one is about 4 kB. Far more than can be answered in time are declined at once anyway. */
export const WAITING_MAX = 2_000;
/** How often a question is asked again with the fresh profile; then its card changes faster than we can read. */
export const STALE_RETRIES_MAX = 3;
/** Profiles kept in memory; a profile is about 1 kB. */
export const PROFILES_MAX = 50_000;
/** Profiles loaded by one call: enough to empty a burst, few enough to stay within the budget. */
export const PROFILES_PER_CALL_MAX = 200;
/** A call that is not back by then is not waited for any longer: its questions have been answered. */
export const CALL_GIVEN_UP_MS = 450;
/** So many calls that were given up and are not back mean that the connections are lost, not that Postgres is slow. */
export const STUCK_CALLS_MAX = 3;
/** One call alone means it after this long: Postgres itself would have ended it after its 350 ms. */
export const STUCK_FOR_MS = 5_000;
/**
 * How long a lost connection is left alone before it is made anew. Short, so that decisions resume at once when
 * Postgres is back; the few connections of this process cannot hurt a server that is starting.
 */
export const RECONNECT_AFTER_MS = 100;
/** Given answers are written together this often: late enough to cost little, soon enough for a person who looks. */
export const RECORD_EVERY_MS = 250;
/** Given answers that wait for Postgres to be back, about 300 B each; more are dropped, which costs no money. */
export const UNRECORDED_MAX = 20_000;
/** Given answers of one call. */
export const RECORDS_PER_CALL_MAX = 1_000;
