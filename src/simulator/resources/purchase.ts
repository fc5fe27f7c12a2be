/** What a purchase is about, as parameters of the test helpers: merchant, fleet and fuel, itemised details. */
import {
  choice,
  decimal,
  flag,
  integer,
  list,
  nonNegative,
  object,
  text,
  type Values,
} from '../http/parameter.ts';
import type { AmountDetails, Fleet, Fuel, MerchantData } from '../machines/purchase.ts';
import type { Sequence } from '../world/sequence.ts';
import { country } from './contact.ts';
import { CATEGORY_CODES } from './merchant-category.ts';
import { category } from './spending-controls.ts';

const DEFAULT_CATEGORY = 'taxicabs_limousines';
const NETWORK_ID_DIGITS = 10;

const MERCHANT = {
  category: category(),
  city: text(),
  country: country(),
  name: text(),
  network_id: text(),
  postal_code: text(),
  state: text(),
  terminal_id: text(),
  url: text(),
};

export const merchantData = object(MERCHANT);

export function readMerchant(
  given: Values<typeof MERCHANT> | undefined,
  sequence: Sequence,
): MerchantData {
  const slug = given?.category ?? DEFAULT_CATEGORY;
  return {
    category: slug,
    category_code: CATEGORY_CODES[slug] ?? '0000',
    city: given?.city ?? 'San Francisco',
    country: given?.country ?? 'US',
    name: given?.name ?? 'Rocket Rides',
    network_id: given?.network_id ?? sequence.digits('network_id', NETWORK_ID_DIGITS),
    postal_code: given?.postal_code ?? '94107',
    state: given?.state ?? 'CA',
    tax_id: null,
    terminal_id: given?.terminal_id ?? null,
    url: given?.url ?? null,
  };
}

const AMOUNT_DETAILS = { atm_fee: nonNegative(), cashback_amount: nonNegative() };
export const amountDetails = object(AMOUNT_DETAILS);

export const readAmountDetails = (
  given: Values<typeof AMOUNT_DETAILS> | undefined,
): AmountDetails | null =>
  given === undefined
    ? null
    : { atm_fee: given.atm_fee ?? null, cashback_amount: given.cashback_amount ?? null };

const grossAmount = object({ gross_amount_decimal: decimal() });

const FLEET = {
  cardholder_prompt_data: object({
    driver_id: text(),
    odometer: integer(),
    unspecified_id: text(),
    user_id: text(),
    vehicle_number: text(),
  }),
  purchase_type: choice(['fuel_and_non_fuel_purchase', 'fuel_purchase', 'non_fuel_purchase']),
  reported_breakdown: object({
    fuel: grossAmount,
    non_fuel: grossAmount,
    tax: object({ local_amount_decimal: decimal(), national_amount_decimal: decimal() }),
  }),
  service_type: choice(['full_service', 'non_fuel_transaction', 'self_service']),
};

export const fleet = object(FLEET);

export function readFleet(given: Values<typeof FLEET> | undefined): Fleet | null {
  if (given === undefined) return null;
  const prompt = given.cardholder_prompt_data;
  const breakdown = given.reported_breakdown;
  return {
    cardholder_prompt_data:
      prompt === undefined
        ? null
        : {
            alphanumeric_id: null,
            driver_id: prompt.driver_id ?? null,
            odometer: prompt.odometer ?? null,
            unspecified_id: prompt.unspecified_id ?? null,
            user_id: prompt.user_id ?? null,
            vehicle_number: prompt.vehicle_number ?? null,
          },
    purchase_type: given.purchase_type ?? null,
    reported_breakdown: breakdown === undefined ? null : readBreakdown(breakdown),
    service_type: given.service_type ?? null,
  };
}

/** As in an authorization, but for one answer of the cardholder, which transactions do not show. */
function readTransactionFleet(given: Values<typeof FLEET> | undefined): object | null {
  const read = readFleet(given);
  if (read === null || read.cardholder_prompt_data === null) return read;
  const { alphanumeric_id: _absent, ...prompt } = read.cardholder_prompt_data;
  return { ...read, cardholder_prompt_data: prompt };
}

type Breakdown = NonNullable<Values<typeof FLEET>['reported_breakdown']>;

const readBreakdown = ({
  fuel: fuelPart,
  non_fuel: nonFuel,
  tax,
}: Breakdown): Fleet['reported_breakdown'] => ({
  fuel:
    fuelPart === undefined ? null : { gross_amount_decimal: fuelPart.gross_amount_decimal ?? null },
  non_fuel:
    nonFuel === undefined ? null : { gross_amount_decimal: nonFuel.gross_amount_decimal ?? null },
  tax:
    tax === undefined
      ? null
      : {
          local_amount_decimal: tax.local_amount_decimal ?? null,
          national_amount_decimal: tax.national_amount_decimal ?? null,
        },
});

const FUEL = {
  industry_product_code: text(),
  quantity_decimal: decimal(),
  type: choice(['diesel', 'other', 'unleaded_plus', 'unleaded_regular', 'unleaded_super']),
  unit: choice([
    'charging_minute',
    'imperial_gallon',
    'kilogram',
    'kilowatt_hour',
    'liter',
    'other',
    'pound',
    'us_gallon',
  ]),
  unit_cost_decimal: decimal(),
};

export const fuel = object(FUEL);

export const readFuel = (given: Values<typeof FUEL> | undefined): Fuel | null =>
  given === undefined
    ? null
    : {
        industry_product_code: given.industry_product_code ?? null,
        quantity_decimal: given.quantity_decimal ?? null,
        type: given.type ?? null,
        unit: given.unit ?? null,
        unit_cost_decimal: given.unit_cost_decimal ?? null,
      };

const AIRPORT_CODE_LENGTH = 3;
const RECEIPT_LINE_LENGTH_MAX = 26;

export const receipt = list(
  object({
    description: text({ max: RECEIPT_LINE_LENGTH_MAX }),
    quantity: decimal(),
    total: integer(),
    unit_cost: integer(),
  }),
);

const DETAILS = {
  fleet,
  flight: object({
    departure_at: integer(),
    passenger_name: text(),
    refundable: flag(),
    segments: list(
      object({
        arrival_airport_code: text({ max: AIRPORT_CODE_LENGTH }),
        carrier: text(),
        departure_airport_code: text({ max: AIRPORT_CODE_LENGTH }),
        flight_number: text(),
        service_class: text(),
        stopover_allowed: flag(),
      }),
    ),
    travel_agency: text(),
  }),
  fuel,
  lodging: object({ check_in_at: integer(), nights: integer() }),
  receipt,
  reference: text(),
};

export const purchaseDetails = object(DETAILS);

type Details = Values<typeof DETAILS>;

/** All members are present in the answer, null where nothing was given. */
export function readPurchaseDetails(
  given: Details | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (given === undefined) return undefined;
  return {
    fleet: readTransactionFleet(given.fleet),
    flight: readFlight(given.flight),
    // Unlike in an authorization, type, unit and cost are never null here.
    fuel:
      given.fuel === undefined
        ? null
        : {
            industry_product_code: given.fuel.industry_product_code ?? null,
            quantity_decimal: given.fuel.quantity_decimal ?? null,
            type: given.fuel.type ?? 'other',
            unit: given.fuel.unit ?? 'other',
            unit_cost_decimal: given.fuel.unit_cost_decimal ?? '0',
          },
    lodging:
      given.lodging === undefined
        ? null
        : { check_in_at: given.lodging.check_in_at ?? null, nights: given.lodging.nights ?? null },
    receipt: given.receipt === undefined ? null : readReceipt(given.receipt),
    reference: given.reference ?? null,
  };
}

export const readReceipt = (lines: NonNullable<Details['receipt']>): readonly object[] =>
  lines.map((line) => ({
    description: line.description ?? null,
    quantity: line.quantity === undefined ? null : Number(line.quantity),
    total: line.total ?? null,
    unit_cost: line.unit_cost ?? null,
  }));

function readFlight(given: Details['flight']): object | null {
  if (given === undefined) return null;
  return {
    departure_at: given.departure_at ?? null,
    passenger_name: given.passenger_name ?? null,
    refundable: given.refundable ?? null,
    segments:
      given.segments?.map((segment) => ({
        arrival_airport_code: segment.arrival_airport_code ?? null,
        carrier: segment.carrier ?? null,
        departure_airport_code: segment.departure_airport_code ?? null,
        flight_number: segment.flight_number ?? null,
        service_class: segment.service_class ?? null,
        stopover_allowed: segment.stopover_allowed ?? null,
      })) ?? null,
    travel_agency: given.travel_agency ?? null,
  };
}
