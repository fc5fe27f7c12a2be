/** Where the people of the traffic shop. The names are made up. */
import type { Merchant } from './step.ts';

const inTown = (category: string, ...names: readonly string[]): readonly Merchant[] =>
  names.map((name) => ({
    name,
    category,
    city: 'San Francisco',
    state: 'CA',
    postal_code: '94107',
    country: 'US',
  }));

export const GROCERIES = inTown(
  'grocery_stores_supermarkets',
  'Greenleaf Market',
  'Corner Basket',
  'Bayside Foods',
  'Sunrise Grocers',
);
export const RESTAURANTS = inTown(
  'eating_places_restaurants',
  'Luna Trattoria',
  'The Copper Pot',
  'Noodle House',
  'Harbor Grill',
);
export const TAXIS = inTown('taxicabs_limousines', 'Rocket Rides', 'City Cab Cooperative');
export const HOTELS = inTown('hotels_motels_and_resorts', 'Hotel Miramar', 'The Old Mill Inn');
export const PUMPS = inTown('automated_fuel_dispensers', 'Coast Fuel Pump', 'Northway Pump');
export const SHOPS = inTown(
  'family_clothing_stores',
  'Threads and Co',
  'Marlow Outfitters',
  'Little Acorn',
);
export const ONLINE_SHOPS = inTown('book_stores', 'Paper Trail Online', 'Shelf Life Books');
export const AIRLINES = inTown('airlines_air_carriers', 'Pelican Air', 'Blue Ridge Airways');
export const CASINOS = inTown('betting_casino_gambling', 'Lucky Seven Online');
export const TESTED_SHOPS = inTown('digital_goods_games', 'Pixel Tokens', 'Game Coin Shop');
export const SUBSCRIPTIONS = [
  ...inTown('digital_goods_media', 'Streamwell', 'Tunebox'),
  ...inTown('telecommunication_services', 'Baylink Mobile'),
  ...inTown('computer_software_stores', 'Cloud Cabinet', 'Notewright'),
];

export interface Abroad {
  readonly currency: 'eur' | 'gbp' | 'jpy';
  readonly merchant: Merchant;
  /** Minor units of the currency. */
  readonly least: number;
  readonly most: number;
}

const abroad = (
  currency: Abroad['currency'],
  range: readonly [number, number],
  merchant: Merchant,
): Abroad => ({ currency, merchant, least: range[0], most: range[1] });

export const ABROAD: readonly Abroad[] = [
  abroad('eur', [900, 24_000], {
    name: 'Brasserie du Pont',
    category: 'eating_places_restaurants',
    city: 'Paris',
    postal_code: '75001',
    country: 'FR',
  }),
  abroad('eur', [500, 9_000], {
    name: 'Museumsladen Mitte',
    category: 'book_stores',
    city: 'Berlin',
    postal_code: '10117',
    country: 'DE',
  }),
  abroad('gbp', [600, 18_000], {
    name: 'Covent Stationers',
    category: 'book_stores',
    city: 'London',
    postal_code: 'WC2E 8RF',
    country: 'GB',
  }),
  abroad('jpy', [800, 40_000], {
    name: 'Sakura Shokudo',
    category: 'eating_places_restaurants',
    city: 'Tokyo',
    postal_code: '100-0001',
    country: 'JP',
  }),
];
