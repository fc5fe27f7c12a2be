/** Personalization designs and physical bundles, as the API shows them. */
import type { DesignRow } from '../../machines/personalization-design.ts';
import { BUNDLES, type BundleRow } from '../../machines/physical-bundle.ts';
import type { Kind } from '../kind.ts';
import { Table } from '../table.ts';

const bundles = new Table<BundleRow>();
bundles.load(BUNDLES);

export const BUNDLE: Kind<BundleRow> = {
  name: 'issuing.physical_bundle',
  label: 'issuing physical bundle',
  idPrefix: 'ics',
  eventPrefix: 'issuing_physical_bundle',
  table: () => bundles,
  render: (_account, { created: _hidden, ...shown }) => ({
    ...shown,
    object: 'issuing.physical_bundle',
    livemode: false,
  }),
};

export const DESIGN: Kind<DesignRow> = {
  name: 'issuing.personalization_design',
  label: 'issuing personalization design',
  idPrefix: 'ipcd',
  eventPrefix: 'issuing_personalization_design',
  table: (account) => account.designs,
  render: (account, { is_default: isDefault, ...shown }) => ({
    ...shown,
    object: 'issuing.personalization_design',
    livemode: false,
    preferences: {
      is_default: isDefault,
      // Where a connected account has no default of its own, the platform's is taken.
      is_platform_default: account.isPlatform && isDefault,
    },
  }),
};
