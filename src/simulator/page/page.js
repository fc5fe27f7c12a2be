/** Keeps the page up to date through the stream, and runs what is pressed. */
import { newest, read, readControl, write, writeControl } from './api.js';
import { element, reconcile, setText } from './dom.js';
import { createInspector, once, valuesOf } from './inspector.js';
import { authorizationState, deliveryCells, LISTS, showRows } from './panes.js';
import { coalesce } from './refresh.js';

const DELIVERIES_MAX = 50;
const ENDPOINTS_MAX = 100;
const CLOCK_TICK_MS = 500;
const EVERYTHING = [...Object.keys(LISTS), 'simulator', 'endpoints', 'opened'];
const ADDRESS = {
  line1: '510 Townsend Street',
  city: 'San Francisco',
  postal_code: '94103',
  country: 'US',
};

const find = (id) => document.getElementById(id);
const bodies = new Map(
  [...document.querySelectorAll('tbody')].map((body) => [body.dataset.list, body]),
);

const state = {
  /** Undefined until the accounts are known. */
  account: undefined,
  platform: undefined,
  /** Simulator time minus that of the browser. */
  aheadMs: 0,
  lists: Object.fromEntries(Object.keys(LISTS).map((name) => [name, []])),
  /** The newest attempts of each account; the API has no list of them. */
  deliveries: new Map(),
  /** URLs by id. */
  endpoints: new Map(),
  /** The list and the id of the object in the inspector. */
  opened: undefined,
  /** The id of the card that was opened last: its tokens are shown. */
  card: undefined,
  /** Whether the status line says that the last loading failed. */
  stale: false,
};

const inspect = createInspector({
  title: find('inspector-title'),
  actions: find('actions'),
  json: find('json'),
  run: ({ path, params }) => attempt(() => post(path, params)),
});
const refresh = coalesce(load);
const isLive = () => find('live').checked && !document.hidden;
const simulatorNow = () => Math.floor((Date.now() + state.aheadMs) / 1000);

function say(text, isError = false) {
  state.stale = false;
  const line = find('status');
  setText(line, text);
  line.classList.toggle('bad', isError);
}

/** Runs a person's wish; what comes of it, good or bad, is said in the status line. */
async function attempt(work) {
  try {
    say(await work());
  } catch (error) {
    say(error.message, true);
  }
  refresh(EVERYTHING);
}

async function post(path, params, account = state.account) {
  const done = path.startsWith('/_sim/')
    ? await writeControl(path, params)
    : await write(path, account, params);
  const result =
    done.object === 'issuing.authorization' ? authorizationState(done) : (done.status ?? done.type);
  return `${done.object} ${done.id}: ${result}`;
}

/** Loads what is named, all at once. Never rejects. */
async function load(names) {
  try {
    if (names.has('simulator')) await loadSimulator();
    const loads = Object.keys(LISTS).filter((name) => names.has(name));
    const results = await Promise.allSettled([
      ...loads.map(loadList),
      names.has('endpoints') ? loadEndpoints() : undefined,
      names.has('opened') ? loadOpened() : undefined,
    ]);
    // One that fails does not keep the others from being shown.
    showLists();
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (state.stale) say('');
  } catch (error) {
    say(`Not up to date. ${error.message}`, true);
    state.stale = true;
  }
}

async function loadSimulator() {
  const [health, { accounts }, totals] = await Promise.all([
    readControl('/_sim/health'),
    readControl('/_sim/accounts'),
    readControl('/_sim/webhooks'),
  ]);
  setTime(health.now);
  state.platform = health.platform_account;
  // At first, and after a restart without a state file, when the accounts are others.
  if (!accounts.some(({ id }) => id === state.account)) state.account = state.platform;
  reconcile(
    find('account'),
    accounts.map(({ id, platform }) => ({
      key: id,
      make: () => element('option', { value: id, textContent: platform ? `Platform: ${id}` : id }),
    })),
  );
  const { sent, failed } = totals.deliveries;
  setText(
    find('totals'),
    `${totals.events} events, ${sent} deliveries, ${failed} failed, ${totals.pending} pending`,
  );
  showTime();
}

async function loadList(name) {
  const { account } = state;
  const { path, ofCard } = LISTS[name];
  const card = ofCard ? state.card : undefined;
  const rows = ofCard && card === undefined ? [] : await newest(path, account, { card });
  // Another account or card may have been chosen meanwhile.
  if (account === state.account && (!ofCard || card === state.card)) state.lists[name] = rows;
}

async function loadEndpoints() {
  const { account, platform } = state;
  // The platform's endpoints get events of connected accounts, too.
  for (const owner of new Set([platform, account])) {
    const { data } = await read('/v1/webhook_endpoints', owner, { limit: ENDPOINTS_MAX });
    for (const { id, url } of data) state.endpoints.set(id, url);
  }
}

async function loadOpened() {
  const { account, opened } = state;
  if (opened === undefined) return;
  const object =
    opened.list === 'deliveries'
      ? deliveries().find(({ id }) => id === opened.id)
      : await read(`${LISTS[opened.list].path}/${opened.id}`, account);
  // Something else may have been opened meanwhile.
  if (state.opened === opened && object !== undefined) inspect(object);
}

const deliveries = () => state.deliveries.get(state.account) ?? [];

function showLists() {
  const known = { ...state.lists, endpoints: state.endpoints };
  const opened = state.opened?.id;
  for (const [name, { cells }] of Object.entries(LISTS)) {
    showRows(bodies.get(name), state.lists[name], { cells: (row) => cells(row, known), opened });
  }
  showRows(bodies.get('deliveries'), deliveries(), {
    cells: (row) => deliveryCells(row, known),
    opened,
  });
}

/** The simulator shows whole seconds, so that it may be up to one second ahead of what it says. */
function setTime(seconds) {
  const aheadMs = seconds * 1000 - Date.now();
  if (aheadMs > state.aheadMs || aheadMs < state.aheadMs - 1000) state.aheadMs = aheadMs;
}

function showTime() {
  const text = new Date(simulatorNow() * 1000).toISOString();
  setText(find('time'), `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`);
}

/** Takes a notice of the stream: remembers what no list has, and names what has to be loaded again. */
function take(notice) {
  switch (notice.kind) {
    case 'event': {
      if (notice.account !== state.account) return [];
      const changed = Object.entries(LISTS)
        .filter(([, { events }]) => events.some((prefix) => notice.type.startsWith(prefix)))
        .map(([name]) => name);
      return [...changed, 'simulator', ...(notice.object === state.opened?.id ? ['opened'] : [])];
    }
    case 'delivery':
      remember(notice);
      return state.endpoints.has(notice.endpoint) ? ['simulator'] : ['simulator', 'endpoints'];
    case 'call':
      // What is not an event changes by a call: accounts, endpoints, the clock.
      return notice.method === 'GET' ? [] : ['simulator', 'endpoints', ...changedBy(notice)];
    default:
      return EVERYTHING;
  }
}

/** Settlements change without events. */
const changedBy = ({ path }) => (path.includes('/settlements') ? ['settlements', 'opened'] : []);

function remember({ kind, ...notice }) {
  const earlier = state.deliveries.get(notice.account) ?? [];
  const id = `${notice.event} ${notice.endpoint} ${notice.attempt} ${earlier[0]?.serial ?? 0}`;
  const serial = (earlier[0]?.serial ?? 0) + 1;
  const entry = { id, object: kind, created: simulatorNow(), serial, ...notice };
  state.deliveries.set(notice.account, [entry, ...earlier].slice(0, DELIVERIES_MAX));
}

function watch() {
  const stream = new EventSource('/_sim/stream');
  stream.addEventListener('open', () => {
    setText(find('connection'), 'connected');
    refresh(EVERYTHING);
  });
  stream.addEventListener('error', () => setText(find('connection'), 'not connected'));
  stream.addEventListener('message', ({ data }) => {
    const names = take(JSON.parse(data));
    if (names.length > 0 && isLive()) refresh(names);
  });
}

function openRow(event) {
  const line = event.target.closest('tr[data-key]');
  if (line === null) return;
  state.opened = { list: line.parentElement.dataset.list, id: line.dataset.key };
  find('inspector').hidden = false;
  showLists();
  if (state.opened.list === 'cards') {
    state.card = state.opened.id;
    refresh(['tokens']);
  }
  void attempt(async () => {
    await loadOpened();
    // On a narrow screen it is below everything else.
    if (find('inspector').getBoundingClientRect().top > innerHeight) {
      find('inspector').scrollIntoView();
    }
    return '';
  });
}

async function createCard({ name, type }) {
  const { account } = state;
  const cardholder = await write('/v1/issuing/cardholders', account, {
    name,
    email: 'cardholder@example.com',
    type: 'individual',
    billing: { address: ADDRESS },
  });
  const params = {
    cardholder: cardholder.id,
    currency: 'usd',
    type,
    status: type === 'virtual' ? 'active' : 'inactive',
    shipping: type === 'physical' ? { name, address: ADDRESS } : undefined,
  };
  return post('/v1/issuing/cards', params, account);
}

for (const body of bodies.values()) body.addEventListener('click', openRow);
for (const button of document.querySelectorAll('button[data-seconds]')) {
  const seconds = Number(button.dataset.seconds);
  button.addEventListener('click', () => {
    void attempt(async () => {
      await writeControl('/_sim/clock/advance', { seconds });
      return `Time has moved ahead by ${button.textContent}.`;
    });
  });
}
find('new-card').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  void once(form, () => attempt(() => createCard(valuesOf(form))));
});
find('new-settlement').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const params = { ...valuesOf(form), clearing_date: simulatorNow(), currency: 'usd' };
  void once(form, () => attempt(() => post('/v1/test_helpers/issuing/settlements', params)));
});
find('account').addEventListener('change', (event) => {
  state.account = event.target.value;
  state.opened = undefined;
  state.card = undefined;
  find('inspector').hidden = true;
  refresh(EVERYTHING);
});
find('live').addEventListener('change', () => refresh(EVERYTHING));
document.addEventListener('visibilitychange', () => isLive() && refresh(EVERYTHING));
setInterval(showTime, CLOCK_TICK_MS);
watch();
