/** The page at `/`, in a real browser, as an engineer uses it. */
import chromium from '@sparticuz/chromium';
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Program, startProgram } from './program.ts';

/** What is waited for is said before the test itself runs out of time. */
const DEADLINE_MS = 20_000;
const MARKUP = '<img src=x onerror=alert(1)>';

let browser: Browser;
let program: Program;
let page: Page;
/** Errors of the browser: of scripts, of the policy on contents, of files that are missing. */
let problems: string[];
let origins: Set<string>;

beforeAll(async () => {
  browser = await puppeteer.launch({
    args: [...chromium.args, '--no-sandbox'],
    executablePath: await chromium.executablePath(),
    headless: 'shell',
  });
});
afterAll(() => browser.close());

beforeEach(async () => {
  program = await startProgram();
  page = await browser.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  problems = [];
  origins = new Set();
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('dialog', (dialog) => {
    problems.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
});
afterEach(async () => {
  await page.close();
  await program.close();
});

/** Opens the page and waits until it follows what happens. */
async function visit(): Promise<void> {
  await page.goto(program.simulator.url);
  await page.waitForSelector('#connection::-p-text(connected)');
  await page.waitForSelector('#account option');
}

/** The row of a list that shows a text, once there is one. */
async function row(list: string, text: string): Promise<ElementHandle> {
  const found = await page.waitForSelector(`tbody[data-list=${list}] tr::-p-text(${text})`);
  if (found === null) throw new Error(`${list} has no row with ${text}`);
  return found;
}

/** Opens a row by the keyboard: the pointer would miss one that moves while it is aimed at. */
async function open(list: string, text: string): Promise<void> {
  const cell = await row(list, text);
  await cell.evaluate((shown) => shown.closest('tr')?.querySelector('button')?.focus());
  await page.keyboard.press('Enter');
}

/** Presses a button of the open object, once nothing else that was pressed there is under way. */
async function press(label: string): Promise<void> {
  const form = `//*[@id="actions"]/form[not(@aria-busy="true")]`;
  const button = await page.waitForSelector(`::-p-xpath(${form}//button[text()="${label}"])`);
  await button?.press('Enter');
}

const textOf = (selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent ?? '');

test('shows what is made through the API without being loaded again', async () => {
  await program.subscribe();
  await visit();
  expect(await textOf('tbody[data-list=cards]')).toBe('');

  const card = await program.card();
  await row('cards', card.last4);
  await row('cardholders', 'Jenny Rosen');
  await row('events', 'issuing_card.created');
  await row('deliveries', program.receiver.url);
  await program.stripe.issuing.cards.update(card.id, { status: 'inactive' });
  await row('cards', 'inactive');
  expect(problems).toEqual([]);
});

test('drives a purchase by its buttons: authorization, captures and refund', async () => {
  const card = await program.card();
  await visit();
  await open('cards', card.last4);
  await press('New authorization');
  await open('authorizations', '$50.00');

  await page.locator('#actions input[name=amount]').fill('2000');
  await press('Capture, more to come');
  await row('authorizations', '$30.00');
  await row('events', 'issuing_transaction.created');
  await press('Capture');
  await row('authorizations', 'closed');
  await open('transactions', '-$20.00');
  await press('Refund');
  await row('transactions', 'refund');

  const { data } = await program.stripe.issuing.transactions.list({ card: card.id });
  expect(data.map(({ amount }) => amount)).toEqual([2_000, -2_000, -2_000]);
  expect(problems).toEqual([]);
});

test('decides a dispute by a control route, and has a wallet ask for a token', async () => {
  const card = await program.card();
  const { stripe } = program;
  const { id: transaction } = await stripe.testHelpers.issuing.transactions.createForceCapture({
    card: card.id,
    amount: 700,
  });
  const evidence = { reason: 'fraudulent', fraudulent: { explanation: 'No.' } } as const;
  const { id } = await stripe.issuing.disputes.create({ transaction, evidence });
  await stripe.issuing.disputes.submit(id);
  await visit();
  await open('disputes', 'submitted');
  await press('Lose');
  await open('cards', card.last4);
  await press('New Apple Pay token');
  await open('tokens', 'requested');
  await press('Activate');
  await row('tokens', 'active');
  expect((await stripe.issuing.disputes.retrieve(id)).status).toBe('lost');
  expect(problems).toEqual([]);
});

test('makes a physical card and offers only the steps that its state allows', async () => {
  await visit();
  await page.select('#new-card [name=type]', 'physical');
  await page.locator('#new-card button').click();
  await open('cards', 'inactive, pending');
  const labels = () =>
    page.$$eval('#actions button', (buttons) => buttons.map((button) => button.textContent));
  const purchase = ['New authorization', 'Forced capture', 'Unlinked refund'];

  await page.waitForSelector('#actions button');
  expect(await labels()).toEqual([
    ...purchase,
    'Activate',
    'Cancel card',
    'Submit',
    'Ship',
    'Fail',
  ]);
  await press('Ship');
  await row('cards', 'inactive, shipped');
  await page.waitForSelector('#actions button::-p-text(Deliver)');
  expect((await labels()).slice(-3)).toEqual(['Deliver', 'Return', 'Fail']);
  await press('Cancel card');
  await row('cards', 'canceled, shipped');
  await page.waitForSelector('#json::-p-text("status": "canceled")');
  expect((await labels()).slice(0, 4)).toEqual([...purchase, 'Deliver']);
  expect(problems).toEqual([]);
});

test('shows the message of a refused call', async () => {
  const card = await program.card();
  const { id } = await program.stripe.testHelpers.issuing.authorizations.create({
    card: card.id,
    amount: 1_000,
  });
  await visit();
  await open('authorizations', '$10.00');
  await page.locator('#actions input[name=amount]').fill('1001');
  await press('Reverse');
  await page.waitForSelector('[role=status].bad::-p-text(exceeds what is left)');
  const { status } = await program.stripe.issuing.authorizations.retrieve(id);
  expect(status).toBe('pending');
});

test('says that it is not up to date during an outage, until it is again', async () => {
  await visit();
  await program.control('PUT', '/_sim/faults', { rules: [{ fault: '500' }] });
  await page.waitForSelector('[role=status].bad::-p-text(Not up to date. 500)');
  await program.control('PUT', '/_sim/faults', { rules: [] });
  await page.waitForSelector('[role=status]:not(.bad):empty');
});

test('shows markup in names as text, and asks no other origin for anything', async () => {
  const card = await program.card();
  await program.stripe.testHelpers.issuing.authorizations.create({
    card: card.id,
    amount: 1_000,
    merchant_data: { name: MARKUP },
  });
  await visit();
  await open('authorizations', MARKUP);
  await page.waitForSelector('#actions button');

  expect(await textOf('#json')).toContain(MARKUP);
  expect(await page.$$('img')).toEqual([]);
  expect(problems).toEqual([]);
  expect([...origins]).toEqual([program.simulator.url]);
});

test('shows another account when it is chosen, and moves the time', async () => {
  await program.control('POST', '/_sim/accounts', { id: 'acct_second' });
  await program.stripe.issuing.cardholders.create(
    {
      name: 'Max Power',
      billing: { address: { line1: '1', city: 'Berlin', postal_code: '10115', country: 'DE' } },
    },
    { stripeAccount: 'acct_second' },
  );
  await program.cardholder();
  await visit();
  await row('cardholders', 'Jenny Rosen');
  await page.waitForSelector('#account option[value=acct_second]');
  await page.select('#account', 'acct_second');
  await row('cardholders', 'Max Power');
  expect(await page.$$('tbody[data-list=cardholders] tr')).toHaveLength(1);

  const before = (await program.control('GET', '/_sim/health'))['now'];
  await page.locator('button[data-seconds="86400"]').click();
  await page.waitForSelector('[role=status]::-p-text(1 day)');
  const after = (await program.control('GET', '/_sim/health'))['now'];
  expect(Number(after) - Number(before)).toBeGreaterThanOrEqual(86_400);
  expect(problems).toEqual([]);
});

test('keeps up with hundreds of events, and with what is typed meanwhile', async () => {
  const card = await program.card();
  await visit();
  await open('cards', card.last4);
  await page.locator('#actions input[name=merchant]').fill('Half-typed');
  let lists = 0;
  page.on('request', (request) => {
    if (request.url().includes('/v1/issuing/authorizations?')) lists += 1;
  });
  const startedAt = performance.now();
  for (let index = 1; index <= 200; index += 1) {
    await program.stripe.testHelpers.issuing.authorizations.create({
      card: card.id,
      amount: index,
    });
  }
  await row('authorizations', '$2.00');
  const quarters = Math.ceil((performance.now() - startedAt) / 250);
  expect(lists).toBeLessThanOrEqual(quarters + 1);
  expect(await page.$$('tbody[data-list=authorizations] tr')).toHaveLength(50);
  const typed = await page.$eval('#actions input[name=merchant]', (input) => input.value);
  expect(typed).toBe('Half-typed');
  expect(problems).toEqual([]);
});

test('serves its own files only, with a policy that keeps everything else out', async () => {
  const { url } = program.simulator;
  const answer = await fetch(url, { method: 'HEAD' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
  const script = await fetch(`${url}/_sim/page/page.js`);
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  const others = ['', 'other.js', '..%2fhttp%2fpage.ts', '__proto__', 'page.js/'];
  const answers = await Promise.all(others.map((name) => fetch(`${url}/_sim/page/${name}`)));
  expect(answers.map(({ status }) => status)).toEqual(others.map(() => 404));
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
});
