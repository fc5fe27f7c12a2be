/** The whole state of a simulator and the few operations that every change goes through. */
import { renderEventData } from '../http/api-version.ts';
import { Faults } from '../http/fault.ts';
import { RateLimiter } from '../http/rate-limit.ts';
import { limitContribution } from '../machines/authorization.ts';
import { utcDay } from '../machines/spending-controls.ts';
import { API_VERSION, type SimulatorOptions } from '../options.ts';
import { AnswerTimes } from '../webhooks/answer-times.ts';
import { Deliverer, type Delivery, type DeliveryTarget } from '../webhooks/delivery.ts';
import { createPoster, type Poster } from '../webhooks/poster.ts';
import { Account, type EndpointRow, type EventRow } from './account.ts';
import { Agenda } from './agenda.ts';
import { SimulatorClock } from './clock.ts';
import { Sequence } from './sequence.ts';
import { type Tasks, Time } from './time.ts';

/** Events that an endpoint gets only when it names them; `*` leaves them out. */
const EXPLICIT_EVENTS: readonly string[] = [
  'issuing_authorization.request',
  'identity.verification_session.redacted',
];

/** Stripe lists events of the last 30 days. */
const EVENT_RETENTION_SECONDS = 30 * 86_400;

export class World {
  readonly options: SimulatorOptions;
  readonly clock: SimulatorClock;
  readonly sequence: Sequence;
  readonly accounts = new Map<string, Account>();
  /** Another one after a snapshot of another simulator was restored. */
  platform: Account;
  readonly poster: Poster = createPoster();
  readonly deliverer: Deliverer;
  readonly answerTimes = new AnswerTimes();
  readonly agenda = new Agenda();
  readonly time: Time;
  readonly faults: Faults;
  readonly rateLimiter: RateLimiter;
  /** Called after each change, for the state file. */
  onChange: () => void = () => {};

  constructor(options: SimulatorOptions, tasks: Tasks, platformId?: string) {
    this.options = options;
    this.clock = new SimulatorClock(options.clock);
    this.sequence = new Sequence(options.seed);
    this.faults = new Faults(() => this.sequence.fraction('fault'));
    this.rateLimiter = new RateLimiter(options.rateLimits);
    this.platform = this.addAccount(platformId ?? this.sequence.id('acct'), true);
    this.deliverer = new Deliverer({
      poster: this.poster,
      options,
      target: (delivery) => this.#target(delivery),
      random: () => this.sequence.fraction('delivery'),
      changed: () => this.onChange(),
    });
    this.time = new Time(this, tasks);
  }

  addAccount(id: string, isPlatform = false): Account {
    const account = new Account(id, isPlatform);
    this.accounts.set(id, account);
    return account;
  }

  /** By id, or by the name `platform`. */
  account(name: string): Account | undefined {
    return name === 'platform' ? this.platform : this.accounts.get(name);
  }

  /** Stores an event and sends it to everybody who asked for it. */
  emit(
    account: Account,
    event: Pick<EventRow, 'cause' | 'object' | 'previous' | 'type'>,
  ): EventRow {
    const endpoints = this.#subscribers(account, event.type);
    const row: EventRow = {
      id: this.sequence.id('evt'),
      created: this.clock.now(),
      webhooks: endpoints.length,
      ...event,
    };
    account.events.put(row);
    for (const endpoint of endpoints) {
      this.deliverer.enqueue({ event: row.id, account: account.id, endpoint: endpoint.id });
    }
    this.onChange();
    return row;
  }

  /** Sends an event once more to all its endpoints. */
  resend(account: Account, event: EventRow): number {
    const endpoints = this.#subscribers(account, event.type);
    for (const endpoint of endpoints) {
      this.deliverer.enqueue({ event: event.id, account: account.id, endpoint: endpoint.id });
    }
    return endpoints.length;
  }

  /** The event as it is sent, in the version of the endpoint that gets it; the same at each attempt. */
  renderEvent(account: Account, event: EventRow, apiVersion: string = API_VERSION): object {
    const { cause } = event;
    return {
      id: event.id,
      object: 'event',
      ...(account.isPlatform ? {} : { account: account.id }),
      api_version: apiVersion,
      created: event.created,
      data: renderEventData(apiVersion, event),
      livemode: false,
      pending_webhooks: event.webhooks,
      request: cause,
      type: event.type,
    };
  }

  /** Keeps the sums behind spending limits in step with a change of an authorization or a forced capture. */
  countSpending(
    account: Account,
    spent: { card: string; cardholder: string; category: string; created: number; amount: number },
  ): void {
    const chain = account.cards.get(spent.card)?.sim.chain ?? spent.card;
    const entry = { day: utcDay(spent.created), category: spent.category, amount: spent.amount };
    account.spending.add(chain, entry);
    account.spending.add(spent.cardholder, entry);
  }

  /** The same from scratch, after the state was loaded. */
  recountSpending(account: Account): void {
    for (const row of account.authorizations.all()) {
      const category = row.merchant_data.category;
      this.countSpending(account, { ...row, category, amount: limitContribution(row) });
    }
    for (const row of account.transactions.all()) {
      if (row.authorization !== null || row.type !== 'capture') continue;
      const category = row.merchant_data.category;
      this.countSpending(account, { ...row, category, amount: -row.amount });
    }
  }

  /** Events that are still to be delivered stay, however old a leap of the clock has made them. */
  dropOldEvents(): void {
    let oldest = this.clock.now() - EVENT_RETENTION_SECONDS;
    for (const { account, event } of this.deliverer.pending()) {
      const created = this.accounts.get(account)?.events.get(event)?.created;
      oldest = Math.min(oldest, created ?? oldest);
    }
    for (const account of this.accounts.values()) account.events.removeBefore(oldest);
  }

  close(): void {
    this.time.close();
    this.deliverer.close();
    this.poster.close();
  }

  #subscribers(account: Account, type: string): readonly EndpointRow[] {
    const own = account.endpoints.all().filter((endpoint) => !endpoint.connect);
    const connected = account.isPlatform
      ? []
      : this.platform.endpoints.all().filter((endpoint) => endpoint.connect);
    return [...own, ...connected].filter(
      ({ status, enabled_events: enabled }) =>
        status === 'enabled' &&
        (enabled.includes(type) || (enabled.includes('*') && !EXPLICIT_EVENTS.includes(type))),
    );
  }

  #target(delivery: Delivery): DeliveryTarget | undefined {
    const account = this.accounts.get(delivery.account);
    const event = account?.events.get(delivery.event);
    const endpoint =
      account?.endpoints.get(delivery.endpoint) ?? this.platform.endpoints.get(delivery.endpoint);
    if (account === undefined || event === undefined) return undefined;
    if (endpoint === undefined || endpoint.status === 'disabled') return undefined;
    const body = this.renderEvent(account, event, endpoint.api_version ?? API_VERSION);
    return { url: endpoint.url, secret: endpoint.secret, body: JSON.stringify(body) };
  }
}
