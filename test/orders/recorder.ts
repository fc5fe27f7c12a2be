/**
 * Acts a script out on a simulator of its own, once. Events are taken as they were delivered; their order, and what
 * is left of each authorization, from the simulator's state after each call.
 */
import { FETCHED_TYPES, interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import type { MoneySighting } from '../../src/domain/books.ts';
import { parseAuthorizationId, parseStripeCardId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { surplusOf } from '../../src/domain/surplus.ts';
import { type Program, startProgram } from '../simulator/program.ts';
import type { MemoryCommand } from '../support/memory-books.ts';
import type { Settings, Variant } from './option.ts';
import { decideRequest } from './real-time.ts';
import type { Look, Recorded, Step } from './recorded.ts';
import type { Answer, Script } from './script.ts';
import { createStage } from './stage.ts';

const FUNDS_MINOR = 10_000_000;
/** Where the cardholder is asked whether a purchase that looks like fraud is theirs. */
const PHONE = '+14155550132';
/** Where the simulator's virtual time begins. */
const VIRTUAL_START_MS = Date.UTC(2026, 0, 1);
/** Events that move money; the others of a script are requests, and about cards. */
const MONEY_EVENT = /^issuing_(?:authorization|transaction)\.(?:created|updated)$/;

interface AuthorizationRow {
  readonly id: string;
  readonly approved: boolean;
  readonly status: string;
  readonly sim: { readonly remaining: number };
}
interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly object: Json;
}
interface World {
  readonly clockS: number;
  readonly events: readonly EventRow[];
  readonly authorizations: readonly AuthorizationRow[];
}

/** What is written down while the script is acted out; events are put in once they have been delivered. */
type Note =
  | { readonly kind: 'event'; readonly id: string; readonly remainingMinor: number | null }
  | Exclude<Step, { readonly kind: 'event' }>;
type LookNote = Omit<Look, 'event' | 'sighting'> & { readonly object: Json };

export async function record(script: Script, variant: Variant, seed: number): Promise<Recorded> {
  const { capturedAmount = 'shrinks', ...settings }: Settings = variant.settings;
  const program = await startProgram({ clock: 'virtual', capturedAmount, seed });
  try {
    await program.control('PUT', '/_sim/accounts/platform/settings', settings);
    return await new Recorder(program, script).record(variant);
  } finally {
    await program.close();
  }
}

class Recorder {
  readonly #program: Program;
  readonly #script: Script;
  readonly #currency: string;
  readonly #fundsMinor: number;
  readonly #notes: Note[] = [];
  readonly #looks: LookNote[] = [];
  readonly #stripeCardIds: string[] = [];
  #eventsSeen = 0;
  #answer: Answer = 'ours';
  #isCardKnown: boolean;

  constructor(program: Program, script: Script) {
    this.#program = program;
    this.#script = script;
    this.#currency = script.currency ?? 'usd';
    this.#fundsMinor = script.fundsMinor ?? FUNDS_MINOR;
    this.#isCardKnown = script.isCardUnknown !== true;
  }

  async record(variant: Variant): Promise<Recorded> {
    const program = this.#program;
    const cardholder = await program.cardholder({ phone_number: PHONE });
    const { id: card } = await program.card({
      cardholder: cardholder.id,
      currency: simulated(this.#currency),
    });
    this.#stripeCardIds.push(card);
    await program.subscribe();
    await program.decideWith(({ event }) => this.#decide(event as unknown as Json));
    await this.#note();
    const stage = createStage({
      program,
      card,
      afterCall: async () => {
        await this.#note();
      },
      onAnswer: (how) => {
        this.#answer = how;
      },
      onReplace: (replacement) => {
        this.#stripeCardIds.push(replacement);
        this.#notes.push({ kind: 'card', stripeCardId: parseStripeCardId(replacement) });
      },
      onRecordCard: () => {
        this.#isCardKnown = true;
        this.#notes.push({ kind: 'card', stripeCardId: parseStripeCardId(card) });
      },
      commands: {
        credit: (amount) => this.#command({ kind: 'credit', changeMinor: amount, corrects: null }),
        debit: (amount) => this.#command({ kind: 'debit', changeMinor: -amount, corrects: null }),
        correct: (corrects) => {
          const corrected = commandsIn(this.#notes).find((c) => c.externalRef === corrects);
          if (corrected === undefined) throw new Error(`there is no command ${corrects}`);
          const { changeMinor } = corrected;
          return this.#command({ kind: 'correction', changeMinor: -changeMinor, corrects });
        },
      },
    });
    await this.#script.act(stage);
    // A look at the end is one after the last second in which something happened.
    await program.control('POST', '/_sim/clock/advance', { seconds: 10 });
    const { clockS } = await this.#note();
    await program.simulator.settle();
    const steps = this.#steps();
    return {
      name: `${this.#script.name} (${variant.name})`,
      script: this.#script,
      variant,
      currency: this.#currency,
      fundsMinor: this.#fundsMinor,
      stripeCardIds: this.#stripeCardIds.map(parseStripeCardId),
      steps,
      looks: this.#looks.map(({ object, ...look }) => {
        const type = FETCHED_TYPES.authorization;
        const event = this.#told({ type, created: look.atS, data: { object } });
        return { ...look, event, sighting: readMoney(event) };
      }),
      endS: clockS,
    };
  }

  /** Notes a command of the API, and names it. */
  #command(command: Omit<MemoryCommand, 'externalRef'>): string {
    const externalRef = `command_${commandsIn(this.#notes).length + 1}`;
    this.#notes.push({ kind: 'command', command: { ...command, externalRef } });
    return externalRef;
  }

  #decide(event: Json) {
    if (this.#answer === 'absent') return undefined;
    const { decided, reply } = decideRequest(this.#told(event), {
      currency: this.#currency,
      allowPartial: this.#script.allowPartial ?? false,
      accountStatus: this.#script.accountStatus ?? 'open',
      isKnown: this.#isCardKnown,
      roomMinor: minorUnits(this.#fundsMinor + paidInBy(this.#notes) - takenBy(this.#notes)),
      answer: this.#answer,
    });
    this.#notes.push({ kind: 'decision', decided });
    return reply;
  }

  /** Notes what happened since the last time. */
  async #note(): Promise<World> {
    const world = await worldOf(this.#program);
    const events = world.events
      .slice(this.#eventsSeen)
      .filter(({ type }) => MONEY_EVENT.test(type));
    this.#eventsSeen = world.events.length;
    for (const [index, event] of events.entries()) {
      const isLast = !events.slice(index + 1).some((later) => isOfSame(later, event));
      const remainingMinor = isAboutAuthorization(event)
        ? remainingAt(event.object, isLast, world)
        : null;
      this.#notes.push({ kind: 'event', id: event.id, remainingMinor });
    }
    if (this.#script.mayTie === true) await this.#look(world);
    return world;
  }

  /** Fetches every authorization. */
  async #look({ authorizations, clockS }: World): Promise<void> {
    for (const row of authorizations) {
      const path = `/v1/issuing/authorizations/${row.id}`;
      const response = await fetch(`${this.#program.simulator.url}${path}`, {
        headers: { authorization: 'Bearer sk_test_orders' },
      });
      this.#looks.push({
        authorizationId: parseAuthorizationId(row.id),
        position: this.#notes.length,
        atS: clockS,
        object: (await response.json()) as Json,
        remainingMinor: openAmount(row),
      });
    }
  }

  #steps(): readonly Step[] {
    const delivered = new Map<string, Json>(
      this.#program.receiver.received.map(({ event, raw }) => [event.id, JSON.parse(raw) as Json]),
    );
    return this.#notes.flatMap((note): Step[] => {
      if (note.kind !== 'event') return [note];
      const raw = delivered.get(note.id);
      if (raw === undefined) throw new Error(`event ${note.id} was not delivered`);
      if (this.#script.isLost?.(raw) === true) return [];
      const event = this.#told(raw);
      const { remainingMinor } = note;
      return [{ kind: 'event', event, sighting: readMoney(event), remainingMinor }];
    });
  }

  /** As it is told: changed by the script, and in the currency of the account. */
  #told(event: Json): Json {
    const edited = this.#script.edit?.(event) ?? event;
    const [from, to] = [simulated(this.#currency), this.#currency];
    if (from === to) return edited;
    return JSON.parse(JSON.stringify(edited).replaceAll(`"${from}"`, `"${to}"`)) as Json;
  }
}

/** The simulator knows no currency with three decimals; minor units are the same numbers in any. */
const simulated = (currency: string): string => (currency === 'kwd' ? 'usd' : currency);

function readMoney(event: Json): MoneySighting {
  const sighting = interpretEvent(String(event['type']), event);
  if (sighting.kind === 'authorization' || sighting.kind === 'transaction') return sighting;
  throw new Error(`${String(event['type'])} is not about money`);
}

const commandsIn = (notes: readonly Note[]): readonly MemoryCommand[] =>
  notes.flatMap((note) => (note.kind === 'command' ? [note.command] : []));

/** What commands have brought so far, less what they have taken. */
const paidInBy = (notes: readonly Note[]): number =>
  commandsIn(notes).reduce((sum, { changeMinor }) => sum + changeMinor, 0);

/** What our decisions have taken so far. */
const takenBy = (notes: readonly Note[]): number =>
  notes.reduce((sum, note) => {
    if (note.kind !== 'decision') return sum;
    const { approvedMinor, surplus } = note.decided.decision;
    return sum + approvedMinor + surplusOf(surplus, approvedMinor);
  }, 0);

async function worldOf(program: Program): Promise<World> {
  const { snapshot } = (await program.control('GET', '/_sim/snapshot')) as {
    snapshot: { clockOffsetMs: number; accounts: readonly { tables: Omit<World, 'clockS'> }[] };
  };
  const tables = snapshot.accounts[0]?.tables;
  if (tables === undefined) throw new Error('the platform has an account');
  return { ...tables, clockS: (VIRTUAL_START_MS + snapshot.clockOffsetMs) / 1000 };
}

const isAboutAuthorization = ({ type }: EventRow): boolean =>
  type.startsWith('issuing_authorization');

const isOfSame = (a: EventRow, b: EventRow): boolean =>
  isAboutAuthorization(a) && a.object['id'] === b.object['id'];

const openAmount = ({ approved, status, sim }: AuthorizationRow): number =>
  approved && status === 'pending' ? sim.remaining : 0;

/** What is left at an event: the state after the call, or, before its last event, the plain amount of a new approval. */
function remainingAt(object: Json, isLast: boolean, { authorizations }: World): number {
  if (isLast) {
    const row = authorizations.find(({ id }) => id === object['id']);
    if (row !== undefined) return openAmount(row);
  }
  const { approved, status, amount, transactions } = object;
  if (!Array.isArray(transactions) || transactions.length > 0)
    throw new Error('what is left in the midst of a call is known before any capture only');
  return approved === true && status === 'pending' ? Number(amount) : 0;
}
