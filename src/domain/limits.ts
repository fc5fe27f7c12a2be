/** Every number of the lifecycle that has a meaning: its unit is in its name, its reason beside it. */
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A span that somebody gives in days. */
export const daysInMs = (days: number): number => days * DAY_MS;

/** How often a customer may try to pass KYC before the card is closed; three is what identity vendors advise. */
export const KYC_ATTEMPTS_MAX = 3;
/** A hosted identity link lives 48 h; a reminder after one day reaches people while it still works. */
export const KYC_REMINDER_AFTER_MS = DAY_MS;
/** A customer who has not finished KYC in two weeks will not; the card request is closed. */
export const KYC_DEADLINE_MS = 14 * DAY_MS;
/** How often a provider is asked about a check whose outcome nobody has told: its message may have been lost. */
export const KYC_POLL_MS = DAY_MS;
/** A verification older than this is asked again: documents expire and risk rules want it fresh. */
export const KYC_VALID_FOR_MS = 365 * DAY_MS;
/** What a customer showed is kept this long after the verdict, for a dispute about it, and then forgotten. */
export const KYC_REDACT_AFTER_MS = 30 * DAY_MS;

/** What was asked of a provider is kept this long after its answer, for questions about it; then what is personal goes. */
export const REQUEST_FORGOTTEN_AFTER_MS = 30 * DAY_MS;

/** An answer of the API is given again for this long; who repeats a request after a month asks anew. It may show a person. */
export const API_ANSWER_KEPT_MS = 30 * DAY_MS;

/** Three parcels: the first and two corrected addresses. More is an address that does not exist. */
export const ISSUANCE_ATTEMPTS_MAX = 3;
/** How often a card waiting for the cardholder's requirements is looked up at Stripe, in case a webhook was missed. */
export const REQUIREMENTS_POLL_MS = 6 * HOUR_MS;
/** Most letters arrive within a week; after it the cardholder is reminded, and the shipment looked up. */
export const DELIVERY_REMINDER_AFTER_MS = 7 * DAY_MS;
/** Post takes up to ten working days; after two weeks the shipment is looked up and a person is told. */
export const DELIVERY_OVERDUE_AFTER_MS = 14 * DAY_MS;
/** How often an overdue shipment is looked up at Stripe. */
export const DELIVERY_POLL_MS = DAY_MS;
/** How long a change of status that Stripe refused, an activation too, waits before the next try. */
export const REFUSAL_RETRY_MS = HOUR_MS;
/** Each further refusal of the same kind doubles the wait this often: after a day's worth of tries a person is at it. */
export const REFUSAL_DOUBLINGS_MAX = 4;
/** How often a customer who owes us a corrected address is looked at again. */
export const ADDRESS_REMINDER_MS = 3 * DAY_MS;

/**
 * A successor is asked for this long before a card expires: production and post take up to three weeks, a virtual card
 * seconds, and the old one ends when its successor serves.
 */
export const RENEWAL_LEAD_MS = { physical: 30 * DAY_MS, virtual: 3 * DAY_MS } as const;
/** A card without a purchase for this long is shown as dormant. */
export const DORMANT_AFTER_MS = 90 * DAY_MS;
/** A cancelled card may still be captured against: lodging clears up to 31 days later, disputes open 110 days. */
export const WIND_DOWN_MS = 120 * DAY_MS;
/** How often a card that winds down looks whether an authorization is still open. */
export const WIND_DOWN_POLL_MS = 7 * DAY_MS;

/** Facts processed in one run before it continues as new; far below the server's 10,000 signals a run. */
export const FACTS_PER_RUN_MAX = 1_000;
/** Ids of facts that a run remembers, so that a fact that is sent twice counts once; the outbox sends 100 at a time. */
export const FACTS_SEEN_MAX = 500;
/** A step or deadline that changed nothing is not repeated sooner, so that a surprise cannot spin. */
export const NO_PROGRESS_PAUSE_MS = MINUTE_MS;
/** A look at Stripe or a KYC provider before a deadline is given up after this: while they are away, deadlines pass all the same. */
export const LOOK_MAX_MS = 10 * MINUTE_MS;
/** How long an activity that is no longer wanted may go on before it is cancelled. */
export const ACTIVITY_GRACE_MS = 500;
/** Ids and results of finished updates that a new run remembers, so that a repeat gets its first answer. */
export const UPDATES_REMEMBERED_MAX = 100;
/** Of these, as many are saved with the card: for a repeat after the worker, or the whole namespace, was lost. */
export const UPDATES_SAVED_MAX = 10;
/** Facts that changed nothing are closed with the next save, at the latest after this long. */
export const FACT_CLOSE_AFTER_MS = 15 * MINUTE_MS;
/** A fact that was sent and is still open after this long is sent again. */
export const FACT_RESEND_AFTER_MS = HOUR_MS;
/**
 * Facts of a card that were sent and not closed, at most: beyond it the relay waits for the workflow to close some, so
 * that no history fills while no worker works. Fewer than a run remembers, so that none of them counts twice.
 */
export const FACTS_UNCLOSED_MAX = 200;
/** Facts that changed nothing and wait to be closed, at most: with more of them the card would soon be told no more. */
export const FACTS_WAITING_MAX = FACTS_UNCLOSED_MAX / 2;
/** Facts carried by one signal; keeps a signal far below the 2 MB payload limit. */
export const FACTS_PER_SIGNAL_MAX = 100;

/** Unread facts that a run hands over at most: with more it works them off first, because arguments are limited to 2 MB. */
export const FACTS_CARRIED_MAX = 2_000;
/** The relay sends FACTS_PER_SIGNAL_MAX; a batch beyond this is a mistake, and would block the workflow's thread. */
export const FACTS_PER_BATCH_MAX = 2_000;

/** Stripe keeps an idempotency key for at least 24 h; ours is not trusted beyond this. */
export const IDEMPOTENCY_KEY_TRUSTED_MS = 20 * HOUR_MS;
/** Spending limits put on every card at Stripe: unset means Stripe's own 500 USD a day, declined without asking us. */
export const STRIPE_SPENDING_LIMIT_PER_AUTHORIZATION_MINOR = 1_000_000;

/** An event for a card nobody knows is tried again for this long, then it becomes an attention item. */
export const UNKNOWN_CARD_PARKED_MS = DAY_MS;
/**
 * A row of the inbox whose handling fails this often in a row, or ends its process, is set aside for a person. With the
 * waits between the tries that is some ten minutes: longer than a restart or a rollout, and nobody waits for the row.
 */
export const APPLY_ATTEMPTS_MAX = 6;
/** The wait after the first failure; each further one is four times as long. */
export const APPLY_RETRY_AFTER_MS = 2_000;
/** An entry of request_history this close to the request's time can be our answer to it. */
export const CONFIRMATION_WINDOW_S = 2;
/** Stripe waits this long for an answer; an entry that says so is that much younger than its request. */
export const STRIPE_ANSWER_LIMIT_S = 2;
/** An approval that no view has shown for this long is looked up; one that an ended authorization lacks is void. */
export const UNCONFIRMED_HOLD_AFTER_S = 600;
/** An approval that is still unconfirmed after this, looked up many times, needs a person. */
export const UNCONFIRMED_HOLD_ATTENTION_AFTER_S = 24 * 3_600;
/**
 * How long the configured amount of a fuel status check is held. Networks want the true amount within two hours; a day
 * leaves room for late ones, and a pump that never reports does not keep the customer's money until the hold expires.
 */
export const FUEL_SURPLUS_VALID_S = 24 * 3_600;
