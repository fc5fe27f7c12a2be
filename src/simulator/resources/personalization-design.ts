/** Personalization designs: `/v1/issuing/personalization_designs`. */
import { invalidRequest, missingParameter, unknownReference } from '../http/failure.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  isWanted,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import {
  choice,
  flag,
  list,
  object,
  refined,
  required,
  text,
  unsettable,
  type Values,
} from '../http/parameter.ts';
import {
  type CarrierText,
  DESIGN_STATUSES,
  type DesignRow,
  misfit,
  NO_REJECTION,
  resubmit,
} from '../machines/personalization-design.ts';
import type { BundleRow } from '../machines/physical-bundle.ts';
import { change, type Scope, store } from '../world/kind.ts';
import { BUNDLE, DESIGN } from '../world/kinds/personalization.ts';

const PATH = '/v1/issuing/personalization_designs';

/** No operation here uploads files, so every id that looks like one is taken. */
const fileId = refined(text(), (id, path) =>
  /^file_\w+$/.test(id)
    ? undefined
    : { message: `No such file: '${id}' (${path})`, code: 'resource_missing' },
);

const carrierText = object({
  footer_body: unsettable(text()),
  footer_title: unsettable(text()),
  header_body: unsettable(text()),
  header_title: unsettable(text()),
});

const preferences = object({ is_default: required(flag()) });

const CREATE = {
  card_logo: fileId,
  carrier_text: carrierText,
  lookup_key: text(),
  metadata: metadata(),
  name: text(),
  physical_bundle: required(text()),
  preferences,
  transfer_lookup_key: flag(),
};

const UPDATE = {
  card_logo: unsettable(fileId),
  carrier_text: unsettable(carrierText),
  lookup_key: unsettable(text()),
  metadata: metadata(),
  name: unsettable(text()),
  physical_bundle: text(),
  preferences,
  transfer_lookup_key: flag(),
};

export const designOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: DESIGN,
    filters: {
      lookup_keys: list(text()),
      preferences: object({ is_default: flag(), is_platform_default: flag() }),
      status: choice(DESIGN_STATUSES),
    },
    matches: (row, wanted, { account }) =>
      (wanted.lookup_keys === undefined || wanted.lookup_keys.includes(row.lookup_key ?? '')) &&
      isWanted(row.is_default, wanted.preferences?.is_default) &&
      isWanted(account.isPlatform && row.is_default, wanted.preferences?.is_platform_default) &&
      isWanted(row.status, wanted.status),
  }),
  operation({
    method: 'POST',
    path: PATH,
    params: CREATE,
    handle: (call) => createDesign(call, call.params),
  }),
  retrieveOperation(`${PATH}/{personalization_design}`, DESIGN),
  operation({
    method: 'POST',
    path: `${PATH}/{personalization_design}`,
    params: UPDATE,
    handle: (call) => updateDesign(call, find(call, DESIGN, call.id), call.params),
  }),
];

/** Every design is reviewed first. There is no event for its creation. */
function createDesign(scope: Scope, params: Values<typeof CREATE>): object {
  const bundle = findBundle(scope, params.physical_bundle);
  const design: DesignRow = {
    id: scope.world.sequence.id(DESIGN.idPrefix),
    created: scope.world.clock.now(),
    card_logo: params.card_logo ?? null,
    carrier_text: readCarrierText(params.carrier_text, null),
    is_default: params.preferences?.is_default ?? false,
    lookup_key: params.lookup_key ?? null,
    metadata: mergeMetadata({}, params.metadata),
    name: params.name ?? null,
    physical_bundle: bundle.id,
    rejection_reasons: NO_REJECTION,
    status: 'review',
  };
  checkFit(design, bundle);
  claim(scope, design, params.transfer_lookup_key ?? false);
  return store(scope, DESIGN, design);
}

function updateDesign(scope: Scope, row: DesignRow, params: Values<typeof UPDATE>): object {
  const bundle = findBundle(scope, params.physical_bundle ?? row.physical_bundle);
  const given = <T>(value: T | undefined, stored: T): T => (value === undefined ? stored : value);
  const next: DesignRow = {
    ...row,
    card_logo: given(params.card_logo, row.card_logo),
    carrier_text: readCarrierText(params.carrier_text, row.carrier_text),
    is_default: params.preferences?.is_default ?? row.is_default,
    lookup_key: given(params.lookup_key, row.lookup_key),
    metadata: mergeMetadata(row.metadata, params.metadata),
    name: given(params.name, row.name),
    physical_bundle: bundle.id,
  };
  checkFit(next, bundle);
  claim(scope, next, params.transfer_lookup_key ?? false);
  return change(scope, DESIGN, looksTheSame(row, next) ? next : resubmit(next));
}

const looksTheSame = (before: DesignRow, after: DesignRow): boolean =>
  before.card_logo === after.card_logo &&
  before.physical_bundle === after.physical_bundle &&
  TEXT_PARTS.every((part) => before.carrier_text?.[part] === after.carrier_text?.[part]);

const TEXT_PARTS = ['footer_body', 'footer_title', 'header_body', 'header_title'] as const;

/** Parts that are not named stay as they were; no text at all is null. */
function readCarrierText(
  given: Values<typeof UPDATE>['carrier_text'],
  stored: CarrierText | null,
): CarrierText | null {
  if (given === undefined) return stored;
  if (given === null) return null;
  const part = (name: (typeof TEXT_PARTS)[number]): string | null =>
    given[name] === undefined ? (stored?.[name] ?? null) : given[name];
  const merged: CarrierText = {
    footer_body: part('footer_body'),
    footer_title: part('footer_title'),
    header_body: part('header_body'),
    header_title: part('header_title'),
  };
  return TEXT_PARTS.every((name) => merged[name] === null) ? null : merged;
}

/** Artwork that is under review or retired cannot be printed on. */
function findBundle(scope: Scope, id: string): BundleRow {
  const bundle = BUNDLE.table(scope.account).get(id);
  if (bundle === undefined) throw unknownReference(BUNDLE.label, id, 'physical_bundle');
  if (bundle.status === 'active') return bundle;
  throw invalidRequest(
    `Physical bundle ${id} has the status ${bundle.status}; a design needs an active one.`,
    { param: 'physical_bundle' },
  );
}

function checkFit(design: DesignRow, bundle: BundleRow): void {
  const found = misfit(design, bundle);
  if (found === undefined) return;
  if (found.problem === 'missing') throw missingParameter(found.param);
  throw invalidRequest(`Physical bundle ${bundle.id} does not support ${found.param}.`, {
    param: found.param,
  });
}

/** A lookup key and the default belong to one design of an account: whoever had them gives them up. */
function claim(scope: Scope, design: DesignRow, transfers: boolean): void {
  const others = scope.account.designs.all().filter(({ id }) => id !== design.id);
  const owner = others.find(({ lookup_key: key }) => key !== null && key === design.lookup_key);
  if (owner !== undefined && !transfers) {
    throw invalidRequest(
      `A personalization design (${owner.id}) already uses that lookup key. Pass transfer_lookup_key to move it.`,
      { param: 'lookup_key' },
    );
  }
  for (const other of others) {
    const losesKey = other.id === owner?.id;
    const losesDefault = design.is_default && other.is_default;
    if (!losesKey && !losesDefault) continue;
    change(scope, DESIGN, {
      ...other,
      lookup_key: losesKey ? null : other.lookup_key,
      is_default: other.is_default && !losesDefault,
    });
  }
}
