/** Ways to spoil an event: other types, nulls, unknown words, huge numbers, odd texts, deep nests, fields too many or too few. */
import fc from 'fast-check';
import type { Json } from '../../src/adapters/stripe/wire.ts';

/** Stands for a nest that is too deep for anything that recurses; written when the event becomes a text. */
const DEEP = '@deep@';
const DEPTH = 20_000;

/** Fields that the answer depends on; they are hit more often than the rest. */
const WEIGHTY = [
  'id',
  'type',
  'account',
  'created',
  'api_version',
  'data',
  'data.object',
  'data.object.id',
  'data.object.card',
  'data.object.card.id',
  'data.object.card_presence',
  'data.object.merchant_data',
  'data.object.merchant_data.category',
  'data.object.merchant_data.category_code',
  'data.object.merchant_data.country',
  'data.object.merchant_data.name',
  'data.object.merchant_data.network_id',
  'data.object.pending_request',
  'data.object.pending_request.amount',
  'data.object.pending_request.amount_details',
  'data.object.pending_request.amount_details.cashback_amount',
  'data.object.pending_request.currency',
  'data.object.pending_request.is_amount_controllable',
  'data.object.pending_request.merchant_currency',
  'data.object.verification_data',
  'data.object.verification_data.cvc_check',
  'data.object.verification_data.expiry_check',
  'data.object.verification_data.three_d_secure',
].map((path) => path.split('.'));

export interface Words {
  /** Values that are known somewhere, so that they can turn up in the wrong place. */
  readonly known: readonly string[];
  /** Fields of the authorization with values that the rules have an opinion of. */
  readonly telling: readonly (readonly [path: string, value: unknown])[];
}

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\ufeffusd',
  'u\u0000sd',
  '🦊'.repeat(300),
  'x'.repeat(5_000),
  '__proto__',
  '[object Object]',
  "'; drop table decisions; --",
  '\r\nStripe-Version: none',
];
const NUMBERS = [0, -0, -1, 1, 0.5, 100, 2 ** 31, 2 ** 53, 10 ** 12 - 1, 10 ** 12, 1e300, -1e300];

const aValue = (words: Words): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom<unknown>(null, true, false, [], {}, [null], { id: null }, DEEP),
    fc.constantFrom(...words.known, ...ODD_TEXTS),
    fc.constantFrom(...NUMBERS),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.integer(),
    fc.jsonValue({ maxDepth: 3 }),
  );

type Change = { readonly kind: 'replace' | 'add'; readonly value: unknown } | { kind: 'remove' };
export interface Mutation {
  /** A path, or a number that picks one among all the paths of the event. */
  readonly where: readonly string[] | number;
  readonly change: Change;
  readonly extraName: string;
}

const anyMutation = (words: Words): fc.Arbitrary<Mutation> =>
  fc.record({
    where: fc.oneof(fc.constantFrom(...WEIGHTY), fc.nat()),
    change: fc.oneof(
      fc.record({
        kind: fc.constantFrom('replace' as const, 'replace' as const, 'add' as const),
        value: aValue(words),
      }),
      fc.constant({ kind: 'remove' as const }),
    ),
    extraName: fc.constantFrom('extra', '__proto__', 'constructor', 'toJSON', '', 'approved'),
  });

const tellingMutation = ({ telling }: Words): fc.Arbitrary<Mutation> =>
  fc.constantFrom(...telling).map(([path, value]) => ({
    where: ['data', 'object', ...path.split('.')],
    change: { kind: 'replace', value },
    extraName: '',
  }));

export const someMutations = (words: Words): fc.Arbitrary<readonly Mutation[]> =>
  fc.array(
    fc.oneof(
      { arbitrary: anyMutation(words), weight: 3 },
      { arbitrary: tellingMutation(words), weight: 1 },
    ),
    { minLength: 1, maxLength: 4 },
  );

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (!isFields(value)) return [path];
  const inner = Object.entries(value).flatMap(([name, child]) => pathsOf(child, [...path, name]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** The text of the event with all that was done to it; ids get `mark` at their end, so that they are new. */
export function mutated(event: Json, mutations: readonly Mutation[], mark: string): string {
  const copy: Fields = structuredClone(event);
  for (const { where, change, extraName } of mutations) {
    const paths = pathsOf(copy);
    const path = typeof where === 'number' ? (paths[where % paths.length] ?? []) : where;
    const parent = path.slice(0, -1).reduce<unknown>((v, n) => (isFields(v) ? v[n] : null), copy);
    const name = path.at(-1);
    if (!isFields(parent) || name === undefined) continue;
    if (change.kind === 'remove') delete parent[name];
    else set(parent, change.kind === 'add' ? extraName : name, change.value);
  }
  renew(copy, mark);
  const { data } = copy;
  if (isFields(data) && isFields(data['object'])) renew(data['object'], mark);
  return JSON.stringify(copy).replaceAll(
    JSON.stringify(DEEP),
    `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
  );
}

/** As an own field, also under a name that means something to JavaScript. */
const set = (parent: Fields, name: string, value: unknown): void => {
  Object.defineProperty(parent, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
};

/** An id that was used already would get its first answer, whatever the rest says. */
function renew(fields: Fields, mark: string): void {
  const { id } = fields;
  if (typeof id === 'string' && /^\w{1,200}$/.test(id)) fields['id'] = `${id}_${mark}`;
}
