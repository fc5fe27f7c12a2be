/** What a card and its parcel must be like for Stripe to take them, told field by field before anything is stored. */
import { type AddressToCheck, addressProblems } from './postal-rules.ts';
import { check, type FieldProblem, phone, plainLine, secondLine } from './text-rules.ts';

export interface ParcelToCheck extends AddressToCheck {
  readonly name: string;
  readonly businessName?: string;
  readonly phoneNumber?: string;
}

export interface CardToCheck {
  readonly type: 'virtual' | 'physical';
  readonly shipping?: ParcelToCheck;
  readonly secondLine?: string;
  readonly personalizationDesign?: string;
}

const PHYSICAL_ONLY = 'is for physical cards';

export function cardProblems(card: CardToCheck): readonly FieldProblem[] {
  if (card.type === 'virtual') {
    const printed = ['shipping', 'secondLine', 'personalizationDesign'] as const;
    return printed
      .filter((path) => card[path] !== undefined)
      .map((path) => ({ path, message: PHYSICAL_ONLY }));
  }
  return [
    ...(card.shipping === undefined ? [] : parcelProblems(card.shipping, 'shipping.')),
    ...check('secondLine', card.secondLine, secondLine),
  ];
}

/** `prefix` is the path of the parcel; empty where its fields are the body itself. */
export const parcelProblems = (parcel: ParcelToCheck, prefix: string): readonly FieldProblem[] => [
  ...check(`${prefix}name`, parcel.name, plainLine),
  ...check(`${prefix}businessName`, parcel.businessName, plainLine),
  ...addressProblems(parcel, prefix),
  ...check(`${prefix}phoneNumber`, parcel.phoneNumber, phone),
];
