/** The time budget of a decision. Stripe waits 2 s; the strictest peers wait 500 ms, so that fits everywhere. */

/** Postgres gets this long, from the moment the request was received. */
export const POSTGRES_BUDGET_MS = 350;
/** The answer leaves by then, whatever happened. */
export const ANSWER_BUDGET_MS = 500;
/** How often a question whose account is locked by somebody else is sent again. */
export const BUSY_RETRY_MS = 5;
/** Questions of one call: enough to empty a burst, few enough to stay within the budget. */
export const QUESTIONS_PER_CALL_MAX = 200;
/** More waiting questions than can be answered within the budget are declined at once. */
export const WAITING_MAX = 2_000;
/** Profiles kept in memory; a profile is about 1 kB. */
export const PROFILES_MAX = 50_000;
/** A call that is not back by then is not waited for any longer: its questions have been answered. */
export const CALL_GIVEN_UP_MS = 450;
/** So many calls in a row that did not come back mean that the connections are lost, not that Postgres is slow. */
export const STUCK_CALLS_MAX = 3;
