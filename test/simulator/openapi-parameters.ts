/** The parameters of each operation of the API description, as one schema an operation. */
import { readFileSync } from 'node:fs';

export interface ParameterSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
  readonly items?: ParameterSchema;
  readonly properties?: Readonly<Record<string, ParameterSchema>>;
  readonly additionalProperties?: ParameterSchema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly ParameterSchema[];
  readonly allOf?: readonly ParameterSchema[];
  readonly $ref?: string;
}

interface DescribedOperation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: ParameterSchema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: ParameterSchema }>>;
  };
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, ParameterSchema>> };
}

const FILE = new URL('../data/stripe-issuing-openapi.json', import.meta.url);
const description = JSON.parse(readFileSync(FILE, 'utf8')) as Description;

/** By `METHOD /path`. */
export function describedOperations(): ReadonlyMap<string, ParameterSchema> {
  const operations = new Map<string, ParameterSchema>();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      operations.set(`${method.toUpperCase()} ${path}`, parametersOf(operation));
    }
  }
  return operations;
}

function parametersOf({ parameters, requestBody }: DescribedOperation): ParameterSchema {
  const form = requestBody?.content['application/x-www-form-urlencoded']?.schema;
  const query = (parameters ?? []).filter((entry) => entry.in === 'query');
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
      ...form?.properties,
    },
    required: [
      ...query.flatMap(({ name, required }) => (required === true ? [name] : [])),
      ...(form?.required ?? []),
    ],
  };
}

/** Follows references, and takes the empty text of a union for what it means: the parameter can be unset. */
export function resolve(schema: ParameterSchema): ParameterSchema {
  if (schema.$ref !== undefined) {
    const found = description.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
    if (found === undefined) throw new Error(`${schema.$ref} leads nowhere`);
    return resolve(found);
  }
  const [only] = schema.allOf ?? [];
  if (only !== undefined) return { ...resolve(only), ...without(schema, 'allOf') };
  const alternatives = schema.anyOf?.map(resolve) ?? [];
  const filled = alternatives.filter((entry) => !isEmptyText(entry));
  const [first] = filled;
  if (filled.length === alternatives.length) return schema;
  return filled.length === 1 && first !== undefined
    ? { ...first, nullable: true }
    : { ...schema, anyOf: filled, nullable: true };
}

const without = (schema: ParameterSchema, key: keyof ParameterSchema): ParameterSchema =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));

const isEmptyText = (schema: ParameterSchema): boolean =>
  schema.enum?.length === 1 && schema.enum[0] === '';

/** One line a parameter: its type and choices, and whether it must be given or can be unset. */
export function flatten(schema: ParameterSchema): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  visit(schema, { path: '', required: true });
  return lines;

  function visit(given: ParameterSchema, at: { path: string; required: boolean }): void {
    const node = resolve(given);
    const { path } = at;
    const choices = [...(node.enum ?? [])].toSorted().join('|');
    const isMap = typeof node.additionalProperties === 'object' && node.properties === undefined;
    const words = [
      isMap ? 'map' : (node.type ?? (node.anyOf === undefined ? '' : 'union')),
      choices === '' ? '' : `of ${choices}`,
      at.required ? 'required' : '',
      // Metadata can always be unset, whatever the description says of it.
      node.nullable === true && !isMap ? 'nullable' : '',
    ];
    if (path !== '') lines.set(path, words.filter((word) => word !== '').join(' '));
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const required = node.required?.includes(name) ?? false;
      visit(child, { path: path === '' ? name : `${path}.${name}`, required });
    }
    if (node.items !== undefined) visit(node.items, { path: `${path}[]`, required: false });
    for (const [index, entry] of (node.anyOf ?? []).entries()) {
      visit(entry, { path: `${path}|${index}`, required: false });
    }
  }
}
