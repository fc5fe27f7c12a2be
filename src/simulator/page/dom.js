/** Elements are made and kept up to date here. Data becomes text, never markup. */

/** A new element. `properties` are set as they are; attributes go into `attributes`. */
export function element(tag, { attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Makes the children of an element match a list of `{ key, make, update }`. Children that stay are not touched but
 * by `update`, so that focus, selections and half-typed fields survive.
 */
export function reconcile(parent, wanted) {
  const keys = new Set(wanted.map((item) => item.key));
  const present = new Map();
  for (const child of Array.from(parent.children)) {
    if (keys.has(child.dataset.key)) present.set(child.dataset.key, child);
    else child.remove();
  }
  let next = parent.firstElementChild;
  for (const item of wanted) {
    const child = present.get(item.key) ?? item.make();
    child.dataset.key = item.key;
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
    item.update?.(child);
  }
}
