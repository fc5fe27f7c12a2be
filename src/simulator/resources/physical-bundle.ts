/** Physical bundles: `/v1/issuing/physical_bundles`. There is nothing to change. */
import { isWanted, listOperation, type Operation, retrieveOperation } from '../http/operation.ts';
import { choice } from '../http/parameter.ts';
import { BUNDLE_STATUSES, BUNDLE_TYPES } from '../machines/physical-bundle.ts';
import { BUNDLE } from '../world/kinds/personalization.ts';

const PATH = '/v1/issuing/physical_bundles';

export const bundleOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: BUNDLE,
    filters: { status: choice(BUNDLE_STATUSES), type: choice(BUNDLE_TYPES) },
    matches: (row, wanted) =>
      isWanted(row.status, wanted.status) && isWanted(row.type, wanted.type),
  }),
  retrieveOperation(`${PATH}/{physical_bundle}`, BUNDLE),
];
