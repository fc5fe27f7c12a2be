/** The open object: its JSON, and the test helpers that it offers. */
import { sectionsOf } from './actions.js';
import { element, reconcile, setText } from './dom.js';

/**
 * Returns `show(object)`. `run({ path, params })` is called when a button is pressed; the button does nothing while
 * its last call is under way.
 */
export function createInspector({ title, actions, json, run }) {
  let shown;

  function press(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const name = event.submitter?.dataset.key;
    const buttons = sectionsOf(shown).flatMap((section) => section.buttons);
    const pressed = buttons.find((button) => button.name === name);
    if (pressed !== undefined) void once(form, () => run(pressed.request(valuesOf(form))));
  }

  return (object) => {
    shown = object;
    setText(title, `${object.object ?? 'delivery'} ${object.id}`);
    setText(json, JSON.stringify(object, undefined, 2));
    reconcile(
      actions,
      sectionsOf(object).map((section) => ({
        // Another object gets fresh fields.
        key: `${object.id} ${section.legend}`,
        make: () => makeSection(section, press),
        update: (form) => showButtons(form.querySelector('.buttons'), section.buttons),
      })),
    );
  };
}

function makeSection({ legend, fields }, press) {
  const inputs = fields.map(({ label, name, type, value = '' }) => {
    const input = element('input', { name, type, value, autocomplete: 'off' });
    if (name === 'category') input.setAttribute('list', 'categories');
    if (type === 'number') Object.assign(input, { min: '0', step: '1' });
    return element('label', {}, label, input);
  });
  const buttons = element('div', { className: 'buttons' });
  const form = element(
    'form',
    {},
    element('fieldset', {}, element('legend', { textContent: legend }), ...inputs, buttons),
  );
  form.addEventListener('submit', press);
  return form;
}

function showButtons(group, buttons) {
  reconcile(
    group,
    buttons.map(({ name, label }) => ({
      key: name,
      make: () => element('button', { textContent: label }),
    })),
  );
}

/** The values of a form's fields by their names. */
export const valuesOf = (form) => Object.fromEntries(new FormData(form));

/** Runs the work of a form unless it is already under way. `work` must not reject. */
export async function once(form, work) {
  if (form.ariaBusy === 'true') return;
  form.ariaBusy = 'true';
  await work();
  form.ariaBusy = 'false';
}
