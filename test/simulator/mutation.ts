/** Requests for the test of bad input: valid ones made from the API description, and what can be done to them. */
import fc from 'fast-check';
import { describedOperations, type ParameterSchema, resolve } from './openapi-parameters.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  /** Names and values, not yet encoded. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is, instead of the pairs. */
  readonly raw: string | undefined;
}

const FORM = 'application/x-www-form-urlencoded';
const HEADERS = { authorization: 'Bearer sk_test_x', 'content-type': FORM };

/** Texts that break careless programs. */
const STRANGE = [
  '',
  ' ',
  '-1',
  '0',
  '1e9',
  '1.5',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  '__proto__',
  'constructor',
  'toString',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740993',
  '99999999999999999999999999',
  '\u0000',
  '\u202e\ud83d\ude00',
  '../../etc/passwd',
  "'; DROP TABLE cards; --",
  '<script>alert(1)</script>',
  'a'.repeat(6_000),
] as const;
const strange = fc.constantFrom(...STRANGE);

/** Values that fit a parameter; ids of objects that exist are among them. */
function fitting(
  schema: ParameterSchema,
  ids: readonly string[],
  name: string,
): fc.Arbitrary<string> {
  const known = ids.filter((id) => id.startsWith(ID_PREFIXES.get(name) ?? '?'));
  if (known.length > 0) return fc.constantFrom(...known);
  const fixed = FIXED.get(name);
  if (fixed !== undefined) return fc.constant(fixed);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum.slice(0, 40));
  if (schema.type === 'integer') return fc.integer({ min: 1, max: 30 }).map(String);
  if (schema.type === 'boolean') return fc.constantFrom('true', 'false');
  return fc.constantFrom('abc', '1.50', 'US', 'usd');
}

const ID_PREFIXES = new Map([
  ['card', 'ic_'],
  ['cardholder', 'ich_'],
  ['authorization', 'iauth_'],
  ['transaction', 'ipi_'],
  ['dispute', 'idp_'],
  ['token', 'intok_'],
  ['personalization_design', 'ipcd_'],
  ['physical_bundle', 'ics_'],
  ['settlement', 'ise_'],
  ['report', 'vr_'],
  ['report_run', 'frr_'],
  ['session', 'vs_'],
  ['verification_session', 'vs_'],
  ['webhook_endpoint', 'we_'],
  ['id', 'evt_'],
  ['starting_after', 'ic_'],
  ['replacement_for', 'ic_'],
]);

const FIXED = new Map([
  ['currency', 'usd'],
  ['country', 'US'],
  ['year', '1990'],
  ['month', '7'],
  ['exp_month', '7'],
  ['url', 'http://127.0.0.1:9/'],
  ['exp_year', '2029'],
]);

/** Optional parameters without which few requests would succeed, or would do little. */
const LIKELY = new Set(['cardholder', 'metadata']);
const none = fc.constant<Pairs>([]);

type Pairs = readonly (readonly [string, string])[];

/** A choice of the parameters of a schema; required ones are always there. */
function pairsOf(
  given: ParameterSchema,
  ids: readonly string[],
  path: string,
): fc.Arbitrary<Pairs> {
  const schema = resolve(given);
  const name = /(\w+)\]?(?:\[\d+\])?$/.exec(path)?.[1] ?? '';
  if (schema.properties !== undefined) {
    const children = Object.entries(schema.properties).map(([key, child]) => {
      const pairs = pairsOf(child, ids, path === '' ? key : `${path}[${key}]`);
      const isRequired = schema.required?.includes(key) ?? false;
      return isRequired
        ? pairs
        : fc.oneof(
            { weight: LIKELY.has(key) ? 1 : 5, arbitrary: none },
            { weight: LIKELY.has(key) ? 4 : 1, arbitrary: pairs },
          );
    });
    return fc.tuple(...children).map((all) => all.flat());
  }
  if (schema.items !== undefined) {
    const { items } = schema;
    return fc
      .integer({ min: 1, max: 2 })
      .chain((size) =>
        fc
          .tuple(...Array.from({ length: size }, (_, at) => pairsOf(items, ids, `${path}[${at}]`)))
          .map((all) => all.flat()),
      );
  }
  if (schema.anyOf !== undefined) {
    return fc.oneof(...schema.anyOf.map((entry) => pairsOf(entry, ids, path)));
  }
  if (typeof schema.additionalProperties === 'object') {
    return fc.constant([[`${path}[key]`, 'value'] as const]);
  }
  return fitting(schema, ids, name).map((value) => [[path, value] as const]);
}

/** A request that is valid in form, if not always in sense. */
export function validRequest(ids: readonly string[]): fc.Arbitrary<Request> {
  // What changes the state is where a refusal can come too late.
  const weights = [...describedOperations().keys()].map((name) =>
    name.startsWith('POST') ? 3 : 1,
  );
  const operations = [...describedOperations()].map(([name, schema]) => {
    const [method = '', template = ''] = name.split(' ');
    const placeholder = /\{(\w+)\}/.exec(template)?.[1];
    const known = ids.filter((id) => id.startsWith(ID_PREFIXES.get(placeholder ?? '') ?? '?'));
    const id = known.length === 0 ? fc.constant('unknown_1') : fc.constantFrom(...known);
    const { expand: _absent, ...properties } = schema.properties ?? {};
    const pairs = pairsOf({ ...schema, properties }, ids, '');
    return fc.record({ id, pairs }).map((made) => ({
      method,
      path: template.replace(/\{\w+\}/, made.id),
      pairs: made.pairs,
      headers: HEADERS,
      raw: undefined,
    }));
  });
  return fc.oneof(...operations.map((arbitrary, at) => ({ weight: weights[at] ?? 1, arbitrary })));
}

type Mutation = (request: Request) => Request;

const onPair = (
  change: (pair: readonly [string, string], text: string) => Pairs,
): fc.Arbitrary<Mutation> =>
  fc.record({ at: fc.nat(), text: strange }).map(({ at, text }) => (request: Request) => {
    const index = request.pairs.length === 0 ? 0 : at % request.pairs.length;
    const pairs = request.pairs.length === 0 ? [['a', 'b'] as const] : request.pairs;
    return {
      ...request,
      pairs: pairs.flatMap((pair, position) => (position === index ? change(pair, text) : [pair])),
    };
  });

const withHeader = (name: string, values: readonly string[]): fc.Arbitrary<Mutation> =>
  fc.constantFrom(...values).map((value) => (request: Request) => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  }));

const withRaw = (values: readonly string[]): fc.Arbitrary<Mutation> =>
  fc.constantFrom(...values).map((raw) => (request: Request) => ({ ...request, raw }));

const manyKeys = Array.from({ length: 5_000 }, (_, at) => `metadata[k${at}]=v`).join('&');
const someKeys = Array.from({ length: 60 }, (_, at) => `metadata[k${at}]=v`).join('&');

/** What bad callers do to requests. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  onPair(() => []),
  onPair((pair) => [pair, pair]),
  onPair(([name], text) => [[name, text]]),
  onPair(([, value], text) => [[text, value]]),
  onPair(([name, value]) => [[`${name}[x]`, value]]),
  onPair(([name, value]) => [[`${name}[]`, value]]),
  onPair(([name, value], text) => [[`${name}[${text}]`, value]]),
  onPair(([name, value]) => [[name.replace(/\[.*/, ''), value]]),
  onPair((pair) => [pair, ['__proto__[polluted]', '1']]),
  onPair((pair, text) => [pair, [`metadata[${text}]`, text]]),
  onPair((pair) => [pair, ['metadata[__proto__]', 'x'], ['metadata[constructor]', 'y']]),
  onPair((pair, text) => [pair, ['expand[]', text]]),
  onPair((pair) => [pair, ['expand[]', 'data.authorization.card.cardholder']]),
  onPair((pair) => [pair, ['expand[]', '__proto__.constructor']]),
  onPair((pair) => [
    pair,
    ['limit', '100'],
    ['expand[]', 'data.authorization.transactions.authorization.transactions'],
  ]),
  onPair((pair) => [pair, ['expand[]', 'transactions.authorization.transactions.authorization']]),
  onPair((pair, text) => [pair, ['limit', text]]),
  onPair((pair, text) => [pair, ['created[gte]', text]]),
  onPair((pair) => [pair, [`a${'[b]'.repeat(40)}`, '1']]),
  fc
    .constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS')
    .map((method) => (request: Request) => ({ ...request, method })),
  fc
    .constantFrom(
      'x',
      '%00',
      '%',
      '%zz',
      '__proto__',
      '..',
      '',
      'ic_1',
      '\u00e9',
      'a'.repeat(9_000),
    )
    .map((id) => (request: Request) => ({
      ...request,
      path: request.path.replace(/[^/]*_[^/]*\d[^/]*/, encodeURI(id).replace('%25', '%')),
    })),
  fc
    .constantFrom('/', '//', '/x', '?', '?a[b=1', '?%E0%A4%A', '?limit=1e9')
    .map((end) => (request: Request) => ({ ...request, path: `${request.path}${end}` })),
  withHeader('content-type', [
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    '',
    `${FORM}; charset=latin1`,
  ]),
  withHeader('authorization', [
    '',
    'Bearer',
    'Basic !!!',
    'Bearer pk_x',
    'Bearer\tsk_x',
    'x'.repeat(3_000),
  ]),
  withHeader('stripe-account', [
    'acct_unknown',
    '__proto__',
    'platform',
    '',
    '\u00ff',
    'x'.repeat(3_000),
  ]),
  withHeader('stripe-context', ['a/b/c', '__proto__', '/']),
  withHeader('stripe-version', ['2020-08-27', 'latest', '\u00ff', '2026-13-01', 'x'.repeat(3_000)]),
  withHeader('idempotency-key', ['k', 'k'.repeat(256), '\u00ff', '__proto__', ' ']),
  withHeader('expect', ['100-continue']),
  withRaw([
    '{"a":1}',
    '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    manyKeys,
    someKeys,
    '&&&===',
    '%',
    '%ED%A0%80=1',
    'a=%00&b=%C0%80',
    'a[=1&]b=2&[c]=3',
    `metadata=${'x'.repeat(900_000)}`,
    'x'.repeat(1_100_000),
  ]),
);

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly schema: ParameterSchema;
}

/** Bodies that are not what any control route takes. */
const STRANGE_BODIES = [
  '',
  'null',
  '[]',
  '1',
  '"x"',
  '{',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":1}',
  '{"\\ud800":"\\ud800"}',
  `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  'x'.repeat(1_100_000),
];

const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, 0, -1, 1.5, 1e21, 'x', '', [], {}, [[]], {
    a: {},
  }),
  strange,
);

/** A request to a control route, half of them with one value that does not fit. */
export function controlRequest(
  route: Route,
  ids: readonly string[],
): fc.Arbitrary<{ method: string; path: string; body?: string }> {
  const { schema, method } = route;
  const names = Object.keys(schema.properties ?? {});
  const known = ids.length === 0 ? ['x'] : ids;
  const path = fc
    .constantFrom('platform', 'acct_unknown', '__proto__', '%00', ...known)
    .map((id) => route.path.replace(/\{\w+\}/, id));
  const fit = jsonOf(schema, ids, '');
  const bent = fc
    .record({ fit, name: fc.constantFrom('a', '__proto__', ...names), value: anyJson })
    .map(({ fit: value, name, value: wrong }) =>
      JSON.stringify(Object.fromEntries([...Object.entries(value as object), [name, wrong]])),
    );
  const body = fc.oneof(
    fit.map((value) => JSON.stringify(value)),
    bent,
    fc.constantFrom(...STRANGE_BODIES),
  );
  return fc
    .record({ path, body })
    .map((made) => (method === 'GET' ? { method, path: made.path } : { method, ...made }));
}

function jsonOf(
  schema: ParameterSchema,
  ids: readonly string[],
  name: string,
): fc.Arbitrary<unknown> {
  if (schema.properties !== undefined) {
    const entries = Object.entries(schema.properties).map(
      ([key, child]) => [key, jsonOf(child, ids, key)] as const,
    );
    return fc.record(Object.fromEntries(entries), { requiredKeys: [...(schema.required ?? [])] });
  }
  if (schema.items !== undefined)
    return fc.array(jsonOf(schema.items, ids, name), { maxLength: 2 });
  if (schema.type === 'number') return fc.double({ min: 0, max: 1, noNaN: true });
  return fitting(schema, ids, name);
}
