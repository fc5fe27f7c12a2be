import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS, connect, type Program, refusal, startProgram } from './program.ts';

const STANDARD = 'ics_1StandardLogo00000000001';
const PLAIN = 'ics_1StandardPlain0000000002';
const CUSTOM = 'ics_1CustomActive00000000003';
const RETIRED = 'ics_1CustomRetired0000000004';

const shipping = { name: 'Jenny Rosen', address: ADDRESS };

let program: Program;
beforeEach(async () => {
  program = await startProgram();
});
afterEach(() => program.close());

type CreateParams = Partial<Stripe.Issuing.PersonalizationDesignCreateParams>;

const create = (params: CreateParams = {}) =>
  program.stripe.issuing.personalizationDesigns.create({ physical_bundle: STANDARD, ...params });

const helpers = () => program.stripe.testHelpers.issuing.personalizationDesigns;

async function activeDesign(params: CreateParams = {}) {
  return helpers().activate((await create(params)).id);
}

const physical = (params: Partial<Stripe.Issuing.CardCreateParams> = {}) =>
  program.card({ type: 'physical', status: 'inactive', shipping, ...params });

const settle = () => program.simulator.settle();

describe('physical bundles', () => {
  it('are listed by status and type, and shown one by one', async () => {
    const { physicalBundles } = program.stripe.issuing;
    const all = await physicalBundles.list();
    expect(all.data).toHaveLength(5);
    expect((await physicalBundles.list({ status: 'review' })).data).toMatchObject([
      { type: 'custom', status: 'review' },
    ]);
    expect((await physicalBundles.list({ type: 'standard' })).data.map(({ id }) => id)).toEqual([
      PLAIN,
      STANDARD,
    ]);
    expect(await physicalBundles.retrieve(CUSTOM)).toMatchObject({
      features: { card_logo: 'required', carrier_text: 'required', second_line: 'optional' },
    });
    expect((await refusal(physicalBundles.retrieve('ics_none'))).statusCode).toBe(404);
  });
});

describe('a design', () => {
  it('is reviewed first, and each step of the review has its event', async () => {
    await program.subscribe();
    const { id, status } = await create({ name: 'Blue', metadata: { team: 'a' } });
    expect(status).toBe('review');
    expect((await helpers().activate(id)).status).toBe('active');
    expect((await helpers().deactivate(id)).status).toBe('inactive');
    await helpers().activate(id);
    const rejected = await helpers().reject(id, {
      rejection_reasons: { card_logo: ['non_binary_image'], carrier_text: ['network_name'] },
    });
    expect(rejected).toMatchObject({
      status: 'rejected',
      rejection_reasons: { card_logo: ['non_binary_image'], carrier_text: ['network_name'] },
    });
    await settle();
    expect(program.receiver.types()).toEqual([
      'issuing_personalization_design.activated',
      'issuing_personalization_design.deactivated',
      'issuing_personalization_design.activated',
      'issuing_personalization_design.rejected',
    ]);
    expect(program.receiver.received.at(-1)?.event.data.object).toEqual(
      await program.stripe.issuing.personalizationDesigns.retrieve(id),
    );
  });

  it('refuses steps that its state does not allow', async () => {
    const { id } = await create();
    expect((await refusal(helpers().deactivate(id))).message).toBe(
      'You cannot deactivate a personalization design with status review.',
    );
    await helpers().activate(id);
    expect((await refusal(helpers().activate(id))).statusCode).toBe(400);
    await helpers().reject(id, { rejection_reasons: { carrier_text: ['other'] } });
    expect((await refusal(helpers().activate(id))).statusCode).toBe(400);
    const again = refusal(helpers().reject(id, { rejection_reasons: { card_logo: ['other'] } }));
    expect((await again).statusCode).toBe(400);
  });

  it('refuses a rejection without a reason, and reasons of the wrong part', async () => {
    const { id } = await create();
    const reject = (reasons: Parameters<ReturnType<typeof helpers>['reject']>[1]) =>
      refusal(helpers().reject(id, reasons));
    expect((await reject({ rejection_reasons: {} })).code).toBe('parameter_missing');
    expect((await reject({ rejection_reasons: { card_logo: [] } })).code).toBe('parameter_missing');
    const wrong = { rejection_reasons: { carrier_text: ['non_binary_image' as 'other'] } };
    expect((await reject(wrong)).param).toBe('rejection_reasons[carrier_text][0]');
  });

  it('goes back to review when what is printed changes, and only then', async () => {
    const { id } = await activeDesign({ carrier_text: { header_title: 'Hello' } });
    await program.subscribe();
    const { personalizationDesigns } = program.stripe.issuing;
    const named = await personalizationDesigns.update(id, { name: 'Green', metadata: { a: 'b' } });
    expect(named).toMatchObject({ status: 'active', name: 'Green', metadata: { a: 'b' } });
    await personalizationDesigns.update(id, { carrier_text: { header_title: 'Hello' } });
    const changed = await personalizationDesigns.update(id, {
      carrier_text: { footer_body: 'Bye' },
    });
    expect(changed).toMatchObject({
      status: 'review',
      carrier_text: { header_title: 'Hello', footer_body: 'Bye', header_body: null },
    });
    const cleared = await personalizationDesigns.update(id, { carrier_text: '', name: '' });
    expect(cleared).toMatchObject({ carrier_text: null, name: null });
    await settle();
    expect(program.receiver.types()).toEqual(
      Array<string>(3).fill('issuing_personalization_design.updated'),
    );
    expect(program.receiver.received[0]?.event.data.previous_attributes).toEqual({
      name: null,
      metadata: { a: null },
    });
  });

  it('comes back from a rejection with new artwork', async () => {
    const { id } = await create({ card_logo: 'file_1Logo' });
    await helpers().reject(id, { rejection_reasons: { card_logo: ['inappropriate'] } });
    const { personalizationDesigns } = program.stripe.issuing;
    expect(await personalizationDesigns.update(id, { card_logo: 'file_2Logo' })).toMatchObject({
      status: 'review',
      rejection_reasons: { card_logo: null, carrier_text: null },
    });
    expect((await helpers().activate(id)).status).toBe('active');
  });

  it('must fit its bundle', async () => {
    const param = async (params: CreateParams) => (await refusal(create(params))).param;
    expect(await param({ physical_bundle: 'ics_none' })).toBe('physical_bundle');
    expect(await param({ physical_bundle: RETIRED })).toBe('physical_bundle');
    expect(await param({ physical_bundle: PLAIN, card_logo: 'file_1' })).toBe('card_logo');
    expect(await param({ physical_bundle: PLAIN, carrier_text: { footer_title: 'x' } })).toBe(
      'carrier_text',
    );
    expect(await param({ physical_bundle: CUSTOM })).toBe('card_logo');
    expect(await param({ physical_bundle: CUSTOM, card_logo: 'file_1' })).toBe('carrier_text');
    expect(await param({ card_logo: 'logo.png' })).toBe('card_logo');
    const { id } = await create({ card_logo: 'file_1' });
    const { personalizationDesigns } = program.stripe.issuing;
    const moved = refusal(personalizationDesigns.update(id, { physical_bundle: PLAIN }));
    expect((await moved).param).toBe('card_logo');
  });

  it('has its lookup key alone, and gives it up when it is transferred', async () => {
    const first = await create({ lookup_key: 'blue' });
    expect((await refusal(create({ lookup_key: 'blue' }))).param).toBe('lookup_key');
    await program.subscribe();
    const second = await create({ lookup_key: 'blue', transfer_lookup_key: true });
    const { personalizationDesigns } = program.stripe.issuing;
    expect((await personalizationDesigns.retrieve(first.id)).lookup_key).toBeNull();
    expect((await personalizationDesigns.list({ lookup_keys: ['blue', 'red'] })).data).toEqual([
      second,
    ]);
    await settle();
    expect(program.receiver.events('issuing_personalization_design.updated')).toMatchObject([
      { data: { object: { id: first.id }, previous_attributes: { lookup_key: 'blue' } } },
    ]);
  });

  it('takes the default from the one that had it', async () => {
    const first = await create({ preferences: { is_default: true } });
    const second = await create();
    const { personalizationDesigns } = program.stripe.issuing;
    const chosen = await personalizationDesigns.update(second.id, {
      preferences: { is_default: true },
    });
    expect(chosen.preferences).toEqual({ is_default: true, is_platform_default: true });
    const defaults = (filter: Stripe.Issuing.PersonalizationDesignListParams.Preferences) =>
      personalizationDesigns.list({ preferences: filter });
    expect((await defaults({ is_default: true })).data.map(({ id }) => id)).toEqual([second.id]);
    expect((await defaults({ is_platform_default: false })).data.map(({ id }) => id)).toEqual([
      first.id,
    ]);
    expect((await personalizationDesigns.list({ status: 'review' })).data).toHaveLength(2);
    expect((await personalizationDesigns.list({ status: 'active' })).data).toEqual([]);
  });
});

describe('a card', () => {
  it('shows its design on request, down to the bundle', async () => {
    const design = await activeDesign();
    const card = await physical({ personalization_design: design.id });
    const { cards } = program.stripe.issuing;
    expect(card.personalization_design).toBe(design.id);
    const shown = await cards.retrieve(card.id, {
      expand: ['personalization_design.physical_bundle'],
    });
    expect(shown.personalization_design).toMatchObject({
      id: design.id,
      physical_bundle: { id: STANDARD, object: 'issuing.physical_bundle' },
    });
    await physical();
    const found = await cards.list({ personalization_design: design.id });
    expect(found.data.map(({ id }) => id)).toEqual([card.id]);
  });

  it('takes a design only when it is physical and the design can be used', async () => {
    const draft = await create();
    const active = await activeDesign();
    const param = async (call: Promise<unknown>) => (await refusal(call)).param;
    const named = { personalization_design: draft.id };
    expect(await param(physical(named))).toBe('personalization_design');
    expect(await param(physical({ personalization_design: 'ipcd_none' }))).toBe(
      'personalization_design',
    );
    expect(await param(program.card({ personalization_design: active.id }))).toBe(
      'personalization_design',
    );
    const plain = await activeDesign({ physical_bundle: PLAIN });
    expect(await param(physical({ personalization_design: plain.id, second_line: 'ACME' }))).toBe(
      'second_line',
    );
    const settings = { designInReview: 'allowed' };
    await program.control('PUT', '/_sim/accounts/platform/settings', settings);
    expect((await physical(named)).personalization_design).toBe(draft.id);
  });

  it('gets the default design when none is named, unless it is virtual', async () => {
    expect((await physical()).personalization_design).toBeNull();
    const { id } = await create({ preferences: { is_default: true } });
    expect((await physical()).personalization_design).toBeNull();
    await helpers().activate(id);
    expect((await physical()).personalization_design).toBe(id);
    expect((await program.card()).personalization_design).toBeNull();
  });

  it('of a connected account gets the default of the platform', async () => {
    const { id } = await activeDesign({ preferences: { is_default: true } });
    const account = String((await program.control('POST', '/_sim/accounts', {}))['id']);
    const stripe = connect(program.simulator, { stripeAccount: account });
    const { id: cardholder } = await stripe.issuing.cardholders.create({
      name: 'Jenny Rosen',
      email: 'jenny@example.com',
      billing: { address: ADDRESS },
    });
    const card = await stripe.issuing.cards.create({
      cardholder,
      currency: 'usd',
      type: 'physical',
      shipping,
      expand: ['personalization_design'],
    });
    expect(card.personalization_design).toMatchObject({ id, object: expect.any(String) });
    await helpers().reject(id, { rejection_reasons: { card_logo: ['other'] } });
    expect((await stripe.issuing.cards.retrieve(card.id)).cancellation_reason).toBe(
      'design_rejected',
    );
  });

  it('changes its design until it is printed', async () => {
    const [first, second] = [await activeDesign(), await activeDesign()];
    const card = await physical({ personalization_design: first.id });
    const { cards } = program.stripe.issuing;
    const changed = await cards.update(card.id, { personalization_design: second.id });
    expect(changed.personalization_design).toBe(second.id);
    await program.stripe.testHelpers.issuing.cards.shipCard(card.id);
    const late = await refusal(cards.update(card.id, { personalization_design: first.id }));
    expect(late.message).toContain('while shipping is pending');
  });

  it('is cancelled with a rejected design, unless it is on its way', async () => {
    const design = await activeDesign();
    const waiting = await physical({ personalization_design: design.id });
    const sent = await physical({ personalization_design: design.id });
    await program.stripe.testHelpers.issuing.cards.shipCard(sent.id);
    const other = await physical();
    await program.subscribe();
    await helpers().reject(design.id, { rejection_reasons: { card_logo: ['other'] } });
    const { cards } = program.stripe.issuing;
    expect(await cards.retrieve(waiting.id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'design_rejected',
      shipping: { status: 'canceled' },
    });
    expect((await cards.retrieve(sent.id)).status).toBe('inactive');
    expect((await cards.retrieve(other.id)).status).toBe('inactive');
    await settle();
    expect(program.receiver.types().toSorted()).toEqual([
      'issuing_card.updated',
      'issuing_personalization_design.rejected',
    ]);
    expect(program.receiver.events('issuing_card.updated')).toMatchObject([
      {
        data: {
          object: { id: waiting.id, cancellation_reason: 'design_rejected' },
          previous_attributes: { status: 'inactive', shipping: { status: 'pending' } },
        },
      },
    ]);
  });
});
