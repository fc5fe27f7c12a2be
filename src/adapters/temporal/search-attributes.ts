/** The search attributes that a card's workflow sets. They must exist in the namespace before the first card. */
import { SEARCH_ATTRIBUTES } from '../../domain/card-contract.ts';

/** Numbers of Temporal's IndexedValueType for the types we use. */
const INDEXED_VALUE_TYPE = { Keyword: 2, Bool: 5 } as const;

type AttributeName = keyof typeof SEARCH_ATTRIBUTES;
const NAMES = Object.keys(SEARCH_ATTRIBUTES) as AttributeName[];

/** The part of a connection that is needed; clients and workers both have it. */
interface OperatorConnection {
  readonly operatorService: {
    listSearchAttributes(request: {
      namespace: string;
    }): Promise<{ customAttributes?: Record<string, number | string> | null }>;
  };
}

/** The message holds the command that cures it. */
export class SearchAttributesMissingError extends Error {
  override readonly name = 'SearchAttributesMissingError';
}

/** @throws SearchAttributesMissingError when one is missing, or has another type. */
export async function checkSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const present = customAttributes ?? {};
  const wrong = NAMES.filter((name) => present[name] !== undefined && !hasType(present, name));
  if (wrong.length > 0) {
    throw new SearchAttributesMissingError(
      `Search attributes of namespace "${namespace}" have another type than ours: ${wrong
        .map((name) => `${name} must be ${SEARCH_ATTRIBUTES[name]}`)
        .join(', ')}. Use a namespace of its own`,
    );
  }
  const missing = NAMES.filter((name) => present[name] === undefined);
  if (missing.length === 0) return;
  throw new SearchAttributesMissingError(
    `Search attributes are missing in namespace "${namespace}": ${missing.join(', ')}. Create them with:\n  ${createCommand(missing, namespace)}`,
  );
}

const hasType = (present: Record<string, number | string>, name: AttributeName): boolean => {
  const type = SEARCH_ATTRIBUTES[name];
  return (
    present[name] === INDEXED_VALUE_TYPE[type] ||
    present[name] === `INDEXED_VALUE_TYPE_${type.toUpperCase()}`
  );
};

function createCommand(names: readonly AttributeName[], namespace: string): string {
  const attributes = names.map((name) => `--name ${name} --type ${SEARCH_ATTRIBUTES[name]}`);
  return `temporal operator search-attribute create --namespace ${namespace} ${attributes.join(' ')}`;
}
