/** The whole state of a simulator and the few operations that every change goes through. */
import { renderEventData } from '../http/api-version.ts';
import { CallFaults } from '../http/fault.ts';
import { RateLimiter } from '../http/rate-limit.ts';
import type { Spending } from '../machines/spending-counter.ts';
import { API_VERSION, type SimulatorOptions } from '../options.ts';
import { AnswerTimes } from '../webhooks/answer-times.ts';
import { Audit } from '../webhooks/audit.ts';
import type { Deliverer } from '../webhooks/delivery.ts';
import { createPoster, type Poster } from '../webhooks/poster.ts';
import { Account, type EndpointRow, type EventRow } from './account.ts';
import { Agenda, type Appointment } from './agenda.ts';
import { SimulatorClock } from './clock.ts';
import { createDeliverer } from './deliveries.ts';
import { jsonOf } from './memo.ts';
import { Network } from './network.ts';
import { Retention } from './retention.ts';
import { Sequence } from './sequence.ts';
import { Time } from './time.ts';
import { Watch } from './watch.ts';

/** Events that an endpoint gets only when it names them; `*` leaves them out. */
const EXPLICIT_EVENTS: readonly string[] = [
  'issuing_authorization.request',
  'identity.verification_session.redacted',
];

/** Does what is due in a world; what no longer holds is left undone. */
export type KeepAppointment = (world: World, appointment: Appointment) => void | Promise<void>;

const idOf = (object: object): string | null =>
  'id' in object && typeof object.id === 'string' ? object.id : null;

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
  /** Real-time requests, by account. */
  readonly realtimeAudit = new Audit();
  /** Events made since the process started, by type. */
  readonly eventsMade = new Map<string, number>();
  readonly agenda = new Agenda();
  readonly network = new Network();
  readonly time: Time;
  readonly watch = new Watch();
  /** Where it listens, for addresses in answers; empty until then. */
  baseUrl = '';
  readonly faults: CallFaults;
  readonly rateLimiter: RateLimiter;
  /** Called after each change, for the state file. */
  onChange: () => void = () => {};
  readonly #retention: Retention;

  constructor(options: SimulatorOptions, keep: KeepAppointment, platformId?: string) {
    this.options = options;
    this.clock = new SimulatorClock(options.clock);
    this.sequence = new Sequence(options.seed);
    this.faults = new CallFaults(() => this.sequence.fraction('fault'));
    this.rateLimiter = new RateLimiter(options.rateLimits);
    this.platform = this.addAccount(platformId ?? this.sequence.id('acct'), true);
    this.deliverer = createDeliverer(this);
    this.#retention = new Retention(this, options.retentionDays);
    this.time = new Time({
      clock: this.clock,
      agenda: this.agenda,
      keep: (appointment) => keep(this, appointment),
      attempts: (limitMs) => this.deliverer.attemptedAll(limitMs),
      leapWaitMs: options.leapWaitMs,
      passed: () => this.dropOld(),
    });
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
    this.watch.publish({
      kind: 'event',
      account: account.id,
      id: row.id,
      type: row.type,
      object: idOf(row.object),
    });
    this.eventsMade.set(row.type, (this.eventsMade.get(row.type) ?? 0) + 1);
    this.#enqueue(account, row, endpoints);
    this.onChange();
    return row;
  }

  /** Sends an event once more to all its endpoints. */
  resend(account: Account, event: EventRow): number {
    const endpoints = this.#subscribers(account, event.type);
    this.#enqueue(account, event, endpoints);
    return endpoints.length;
  }

  /** The event as it is sent, in the version of the endpoint that gets it; the same at each attempt. */
  renderEvent(account: Account, event: EventRow, apiVersion: string = API_VERSION) {
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

  /** The same as the body of a delivery; the text of its object is shared with the answer of the call behind it. */
  eventJson(account: Account, event: EventRow, apiVersion: string): string {
    const { data, ...envelope } = this.renderEvent(account, event, apiVersion);
    const { object, ...previous } = data;
    const inner = JSON.stringify(previous).slice(1, -1);
    const shown = `{"object":${jsonOf(object)}${inner === '' ? '' : `,${inner}`}}`;
    return `${JSON.stringify(envelope).slice(0, -1)},"data":${shown}}`;
  }

  /** Keeps the sums behind spending limits in step with a change of an authorization or a forced capture. */
  countSpending(
    account: Account,
    { card, cardholder }: { readonly card: string; readonly cardholder: string },
    spent: Spending,
  ): void {
    account.spending.add(account.cards.get(card)?.sim.chain ?? card, spent);
    account.spending.add(cardholder, spent);
  }

  /** Drops what is too old to be kept. */
  dropOld(): void {
    this.#retention.drop();
  }

  close(): void {
    this.time.close();
    this.deliverer.close();
    this.poster.close();
  }

  #enqueue(account: Account, event: EventRow, endpoints: readonly EndpointRow[]): void {
    const { id, type, cause } = event;
    for (const endpoint of endpoints) {
      const to = { account: account.id, endpoint: endpoint.id, event: id, type };
      this.deliverer.enqueue(to, cause.id);
    }
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
}
