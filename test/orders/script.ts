/**
 * A script: the short life of one or more purchases, acted out once on the simulator. What Stripe tells of it and
 * what we decide in it become the steps that the order tests move around.
 */
import type Stripe from 'stripe';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import type { CaseRow } from './case-table.ts';
import type { OptionName, Settings } from './option.ts';

/** How the real-time request is answered. */
export type Answer =
  /** By our rules, in time. */
  | 'ours'
  /** We decide and hold, but the answer comes too late for Stripe. */
  | 'late'
  /** We decide and hold, but the answer is of no use to Stripe. */
  | 'unusable'
  /** In time, but in a version of the API that is not the request's. */
  | 'other_version'
  /** In time, with a member that Stripe does not know. */
  | 'unknown_member'
  /** A part of the amount is approved although the amount cannot be controlled. */
  | 'amount_anyway'
  /** Nobody is there: nothing is decided. */
  | 'absent';

type CreateParams = Parameters<Stripe['testHelpers']['issuing']['authorizations']['create']>[0];

/** What a script can do. Each call happens a minute after the one before, unless it is told to happen at once. */
export interface Stage {
  /** The card that pays, as Stripe calls it. */
  readonly card: string;
  /** A purchase of 10.00; answers the authorization's id. */
  readonly buy: (params?: Partial<CreateParams>) => Promise<string>;
  /** A purchase that the network approved (or declined) without asking anybody. */
  readonly standIn: (
    params?: Partial<CreateParams> & { readonly approved?: boolean },
  ) => Promise<string>;
  readonly increment: (id: string, amount: number) => Promise<void>;
  /** Captures; all that is left where no amount is given. Answers the transaction's id. */
  readonly capture: (id: string, amount?: number) => Promise<string>;
  /** A capture after which more may come. */
  readonly capturePart: (id: string, amount: number) => Promise<string>;
  readonly reverse: (id: string, amount?: number) => Promise<void>;
  readonly expire: (id: string) => Promise<void>;
  readonly finalize: (id: string, amount: number) => Promise<void>;
  readonly refund: (transactionId: string, amount?: number) => Promise<void>;
  readonly forceCapture: (amount: number) => Promise<string>;
  readonly creditUnlinked: (amount: number) => Promise<void>;
  /** The cardholder says that a declined purchase was theirs, where Stripe asks that. */
  readonly confirm: (id: string) => Promise<void>;
  /** A command of the API that credits the account. Answers its reference. */
  readonly credit: (amount: number) => string;
  readonly debit: (amount: number) => string;
  /** Takes back the command with this reference. */
  readonly correct: (externalRef: string) => string;
  /** Any other call of the API or a control route. */
  readonly control: (method: string, path: string, body?: object) => Promise<void>;
  /** From now on requests are answered like this. */
  readonly answer: (how: Answer) => void;
  /** Replaces the card that pays with another one, which then pays. */
  readonly replaceCard: () => Promise<void>;
  /** Calls within happen in one second of Stripe's clock. */
  readonly atOnce: <T>(work: () => Promise<T>) => Promise<T>;
  /** Lets days pass. */
  readonly passDays: (days: number) => Promise<void>;
  /** The moment at which our side learns of the card. */
  readonly recordCard: () => void;
}

/** What a script leaves, under its own settings: amounts in minor units. */
export interface Leaves {
  readonly held: number;
  /** Captures less refunds on the customer's account. */
  readonly cleared: number;
  /** What commands of the API have brought, less what they have taken; nothing where absent. */
  readonly paidIn?: number;
  /** Kinds of the attention items that are open. */
  readonly items?: readonly string[];
}

export interface Script {
  readonly name: string;
  readonly covers: readonly CaseRow[];
  readonly act: (stage: Stage) => Promise<unknown>;
  readonly leaves: Leaves;
  /** Options that can matter to it; it is recorded with both values of each. */
  readonly options?: readonly OptionName[];
  /** Options that it needs at another value than the simulator's default. */
  readonly settings?: Settings;
  /** Currency of card and account; usd where absent. */
  readonly currency?: string;
  /** Money on the account at the beginning; 100,000.00 where absent. */
  readonly fundsMinor?: number;
  /** Status of the account all the while; open where absent. */
  readonly accountStatus?: 'frozen' | 'closed';
  /** Whether the account takes a part of what was asked, where Stripe allows that. */
  readonly allowPartial?: boolean;
  /** The replacement is another card of ours on the same account, not the same card once more. */
  readonly replacementIsAnother?: boolean;
  /** Our side learns of the card at a moment that the script tells, not before its beginning. */
  readonly isCardUnknown?: boolean;
  /** Events of one second that contradict each other are among it, so a fetch may happen. */
  readonly mayTie?: boolean;
  /** Changes an event (or the object of a look) before it is told: for what the simulator never does. */
  readonly edit?: (event: Json) => Json;
  /** Events that are lost for good. */
  readonly isLost?: (event: Json) => boolean;
}
