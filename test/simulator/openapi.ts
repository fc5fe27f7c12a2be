/**
 * Validates what the simulator sends against the OpenAPI description of the API. Objects are closed: a field that
 * the description does not know is an error, too.
 */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const FILE = new URL('../data/stripe-issuing-openapi.json', import.meta.url);

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** OpenAPI 3.0 says `nullable`; JSON Schema says a union with null. */
function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (!isPlain(node)) return node;
  const { nullable, ...rest } = node;
  const converted = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, toJsonSchema(value)]),
  );
  // `properties` may also be the name of a property; a schema has it beside its type.
  const isClosed = isPlain(rest['properties']) && rest['type'] === 'object';
  const schema =
    isClosed && rest['additionalProperties'] === undefined
      ? { ...converted, additionalProperties: false }
      : converted;
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}

const description = JSON.parse(readFileSync(FILE, 'utf8')) as Description;
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'stripe', ...(toJsonSchema(description) as object) });
const compiled = new Map<string, ValidateFunction>();

function validate(pointer: string, value: unknown, subject: string): void {
  const check = compiled.get(pointer) ?? ajv.compile({ $ref: `stripe#${pointer}` });
  compiled.set(pointer, check);
  if (check(value)) return;
  const problems = (check.errors ?? []).map(
    (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  );
  throw new Error(
    `${subject} does not match the API description:\n  ${problems.slice(0, 12).join('\n  ')}`,
  );
}

const escape = (segment: string): string =>
  encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'));

const templates = Object.keys(description.paths).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

/** Throws when the body of an answer is not what the operation may answer. */
export function validateAnswer(
  call: { method: string; path: string; status: number },
  body: unknown,
): void {
  const subject = `${call.method} ${call.path} (${call.status})`;
  if (call.status >= 400) {
    validate('/components/schemas/error', body, subject);
    return;
  }
  const candidates = templates.filter(({ pattern }) => pattern.test(call.path));
  // Fixed paths win over placeholders, as in the simulator.
  const found = candidates.toSorted(
    (a, b) => a.template.split('{').length - b.template.split('{').length,
  )[0];
  if (found === undefined) throw new Error(`${subject} is not in the API description`);
  const operation = `/paths/${escape(found.template)}/${call.method.toLowerCase()}`;
  validate(
    `${operation}/responses/200/content/${escape('application/json')}/schema`,
    body,
    subject,
  );
}

/** Throws when an event or the object in it is not as described. */
export function validateEvent(event: unknown): void {
  validate('/components/schemas/event', event, 'event');
  const data = isPlain(event) ? event['data'] : undefined;
  const object = isPlain(data) ? data['object'] : undefined;
  const name = isPlain(object) ? String(object['object']) : 'nothing';
  validate(
    `/components/schemas/${escape(name)}`,
    object,
    `data.object of ${isPlain(event) ? String(event['type']) : ''}`,
  );
}
