/**
 * A personalization design as it is stored, and its state machine. Pure.
 *
 *   (created) ──► review ──activate──► active ──deactivate──► inactive
 *                  ▲  │                 │  ▲                      │
 *                  │  └─reject─┐ ┌─reject┘  └───────activate──────┘
 *                  │           ▼ ▼
 *                  │         rejected
 *                  └── a new logo, text or bundle, from every state
 *
 * Which states the test helpers take is unpublished; a step that makes no sense is refused.
 */
import type { BundleRow } from './physical-bundle.ts';

export const DESIGN_STATUSES = ['active', 'inactive', 'review', 'rejected'] as const;
type DesignStatus = (typeof DESIGN_STATUSES)[number];

/** Whether cards can be made with a design that is still being reviewed. Unknown of Stripe. */
export const DESIGN_IN_REVIEW_POLICIES = ['refused', 'allowed'] as const;
export type DesignInReviewPolicy = (typeof DESIGN_IN_REVIEW_POLICIES)[number];

const REASONS = [
  'geographic_location',
  'inappropriate',
  'network_name',
  'non_fiat_currency',
  'other',
  'other_entity',
  'promotional_material',
] as const;
export const TEXT_REJECTION_REASONS = REASONS;
export const LOGO_REJECTION_REASONS = [...REASONS, 'non_binary_image'] as const;

export interface CarrierText {
  readonly footer_body: string | null;
  readonly footer_title: string | null;
  readonly header_body: string | null;
  readonly header_title: string | null;
}

export interface RejectionReasons {
  readonly card_logo: readonly (typeof LOGO_REJECTION_REASONS)[number][] | null;
  readonly carrier_text: readonly (typeof TEXT_REJECTION_REASONS)[number][] | null;
}

export interface DesignRow {
  readonly id: string;
  readonly created: number;
  /** Id of a file. */
  readonly card_logo: string | null;
  readonly carrier_text: CarrierText | null;
  readonly is_default: boolean;
  readonly lookup_key: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly name: string | null;
  readonly physical_bundle: string;
  readonly rejection_reasons: RejectionReasons;
  readonly status: DesignStatus;
}

export const NO_REJECTION: RejectionReasons = { card_logo: null, carrier_text: null };

export type DesignStep =
  | { readonly kind: 'activate' }
  | { readonly kind: 'deactivate' }
  | { readonly kind: 'reject'; readonly reasons: RejectionReasons };

const STEPS: Readonly<
  Record<DesignStep['kind'], { readonly from: readonly DesignStatus[]; readonly to: DesignStatus }>
> = {
  activate: { from: ['inactive', 'review'], to: 'active' },
  deactivate: { from: ['active'], to: 'inactive' },
  reject: { from: ['active', 'review'], to: 'rejected' },
};

/** The design after a step, or undefined when the step is not possible in its state. */
export function moveDesign(design: DesignRow, step: DesignStep): DesignRow | undefined {
  const { from, to } = STEPS[step.kind];
  if (!from.includes(design.status)) return undefined;
  const reasons = step.kind === 'reject' ? step.reasons : NO_REJECTION;
  return { ...design, status: to, rejection_reasons: reasons };
}

/** What is printed has changed, so it is reviewed anew. */
export const resubmit = (design: DesignRow): DesignRow => ({
  ...design,
  status: 'review',
  rejection_reasons: NO_REJECTION,
});

/** Whether cards can be made with it. */
export const isUsable = (design: DesignRow, inReview: DesignInReviewPolicy): boolean =>
  design.status === 'active' || (design.status === 'review' && inReview === 'allowed');

/** A part of the design that its bundle asks for and does not have, or the other way round. */
export function misfit(
  design: Pick<DesignRow, 'card_logo' | 'carrier_text'>,
  bundle: BundleRow,
):
  | { readonly param: 'card_logo' | 'carrier_text'; readonly problem: 'missing' | 'unsupported' }
  | undefined {
  for (const param of ['card_logo', 'carrier_text'] as const) {
    const given = design[param] !== null;
    if (bundle.features[param] === 'required' && !given) return { param, problem: 'missing' };
    if (bundle.features[param] === 'unsupported' && given) return { param, problem: 'unsupported' };
  }
  return undefined;
}
