/** The card stocks that designs are printed on. They are the same for every account, and nobody can change them. */
type Feature = 'optional' | 'required' | 'unsupported';
export const BUNDLE_STATUSES = ['active', 'inactive', 'review'] as const;
export const BUNDLE_TYPES = ['custom', 'standard'] as const;

export interface BundleRow {
  readonly id: string;
  /** Not shown; bundles have always been there. */
  readonly created: number;
  readonly features: {
    readonly card_logo: Feature;
    readonly carrier_text: Feature;
    readonly second_line: Feature;
  };
  readonly name: string;
  readonly status: (typeof BUNDLE_STATUSES)[number];
  readonly type: (typeof BUNDLE_TYPES)[number];
}

const OPTIONAL = {
  card_logo: 'optional',
  carrier_text: 'optional',
  second_line: 'optional',
} as const;

/** Oldest first. Their ids never change, so tests and scripts can name them. */
export const BUNDLES: readonly BundleRow[] = [
  {
    id: 'ics_1StandardLogo00000000001',
    created: 0,
    features: OPTIONAL,
    name: 'Standard, black on white',
    status: 'active',
    type: 'standard',
  },
  {
    id: 'ics_1StandardPlain0000000002',
    created: 0,
    features: { card_logo: 'unsupported', carrier_text: 'unsupported', second_line: 'unsupported' },
    name: 'Standard, without personalization',
    status: 'active',
    type: 'standard',
  },
  {
    id: 'ics_1CustomActive00000000003',
    created: 0,
    features: { card_logo: 'required', carrier_text: 'required', second_line: 'optional' },
    name: 'Custom artwork',
    status: 'active',
    type: 'custom',
  },
  {
    id: 'ics_1CustomRetired0000000004',
    created: 0,
    features: OPTIONAL,
    name: 'Custom artwork of last year',
    status: 'inactive',
    type: 'custom',
  },
  {
    id: 'ics_1CustomReview00000000005',
    created: 0,
    features: OPTIONAL,
    name: 'Custom artwork, submitted',
    status: 'review',
    type: 'custom',
  },
];
