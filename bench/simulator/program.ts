/** A small card program in a running simulator, and the traffic on it, through the public API alone. */
import { type Connection, get, post, postOnce, succeed } from './connection.ts';

/** Far above what the traffic spends on one card. */
const DAILY_LIMIT_MINOR = 1_000_000_000;
const AMOUNT_MINOR = 100;
/** Reads ask for what was made lately, as programs do; older ids are forgotten. */
const REMEMBERED_MAX = 1_000;
const LIST_LIMIT = 10;

const ID = /"id":"(\w+)"/;
const TRANSACTION_ID = /"id":"(ipi_\w+)"/;

function readId(body: Buffer, pattern: RegExp): string {
  const id = pattern.exec(body.toString('latin1'))?.[1];
  if (id === undefined) throw new Error(`no id in ${body.toString('utf8')}`);
  return id;
}

interface Purchase {
  readonly authorization: string;
  readonly transaction: string;
}

export class Program {
  readonly #cards: readonly string[];
  #reads = 0;
  #keys = 0;
  #random = 1;
  readonly #purchases: Purchase[] = [];

  private constructor(cards: readonly string[]) {
    this.#cards = cards;
  }

  /** Makes a cardholder with active virtual cards, and a first purchase, so that there is something to read. */
  static async open(connection: Connection, cardCount: number): Promise<Program> {
    const cardholder = readId(
      await succeed(
        connection,
        post(
          '/v1/issuing/cardholders',
          'name=Jenny+Rosen&billing[address][line1]=510+Townsend+Street&billing[address][city]=San+Francisco&billing[address][postal_code]=94103&billing[address][country]=US',
        ),
      ),
      ID,
    );
    const limit = `spending_controls[spending_limits][0][amount]=${DAILY_LIMIT_MINOR}&spending_controls[spending_limits][0][interval]=daily`;
    const form = `cardholder=${cardholder}&currency=usd&type=virtual&status=active&${limit}`;
    const cards: string[] = [];
    for (let made = 0; made < cardCount; made += 1) {
      cards.push(readId(await succeed(connection, post('/v1/issuing/cards', form)), ID));
    }
    const program = new Program(cards);
    await program.capture(connection, await program.authorize(connection));
    return program;
  }

  /** A test authorization on the next card, which must be approved. */
  async authorize(connection: Connection): Promise<string> {
    const form = `card=${this.#anyOf(this.#cards)}&amount=${AMOUNT_MINOR}`;
    const path = '/v1/test_helpers/issuing/authorizations';
    const body = await succeed(connection, postOnce(path, form, this.#nextKey()));
    if (!body.includes('"approved":true')) throw new Error(`declined: ${body.toString('utf8')}`);
    return readId(body, ID);
  }

  async capture(connection: Connection, authorization: string): Promise<void> {
    const path = `/v1/test_helpers/issuing/authorizations/${authorization}/capture`;
    const body = await succeed(connection, postOnce(path, '', this.#nextKey()));
    this.#purchases.push({ authorization, transaction: readId(body, TRANSACTION_ID) });
    if (this.#purchases.length > REMEMBERED_MAX) {
      this.#purchases.splice(0, this.#purchases.length / 2);
    }
  }

  /** Changes the metadata of a card; one event, no new object. */
  async touch(connection: Connection): Promise<void> {
    const form = `metadata[turn]=${this.#keys}`;
    const path = `/v1/issuing/cards/${this.#anyOf(this.#cards)}`;
    await succeed(connection, postOnce(path, form, this.#nextKey()));
  }

  /** One of four reads, in turn. */
  async read(connection: Connection): Promise<void> {
    const card = this.#anyOf(this.#cards);
    const purchase = this.#anyOf(this.#purchases);
    const requests = [
      `/v1/issuing/cards/${card}`,
      `/v1/issuing/authorizations/${purchase.authorization}`,
      `/v1/issuing/authorizations?card=${card}&limit=${LIST_LIMIT}`,
      `/v1/issuing/transactions/${purchase.transaction}`,
    ];
    this.#reads += 1;
    await succeed(connection, get(requests[this.#reads % requests.length] ?? ''));
  }

  #nextKey(): string {
    this.#keys += 1;
    return `bench-${this.#keys}`;
  }

  /** The same choices in each run: a linear congruential generator with the constants of Numerical Recipes. */
  #anyOf<T>(choices: readonly T[]): T {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    const choice = choices[Math.floor((this.#random / 2 ** 32) * choices.length)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}
