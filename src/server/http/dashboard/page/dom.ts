type Child = Node | string;

/** The element with this id, which the markup has. */
export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`there is no #${id}`);
  }
  return found as T;
}

/** A new element. Text becomes text, whatever is in it: nothing of others is ever read as markup. */
export function make(tag: string, className: string, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (className !== '') {
    element.className = className;
  }
  element.append(...children);
  return element;
}

/** A new element of SVG, with a text that is shown when the pointer rests on it. */
export function shape(tag: string, attributes: Readonly<Record<string, string | number>>, title?: string): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
  if (title !== undefined) {
    const text = document.createElementNS('http://www.w3.org/2000/svg', 'title');
    text.textContent = title;
    element.append(text);
  }
  return element;
}

/** Text of SVG. */
export function label(x: number, y: number, text: string, anchor = 'start'): SVGElement {
  const element = shape('text', { x, y, 'text-anchor': anchor });
  element.textContent = text;
  return element;
}

const shownKeys = new WeakMap<HTMLElement, string>();

/** Shows rows in place of those that are there, and only when they are others: what a person has marked to copy stays marked. */
export function showOnce<T>(id: string, content: T, rows: (content: T) => readonly Node[]): void {
  const element = byId(id);
  const key = JSON.stringify(content);
  if (shownKeys.get(element) !== key) {
    shownKeys.set(element, key);
    element.replaceChildren(...rows(content));
  }
}

/** Terms and what they mean just now. */
export function facts(list: HTMLElement, rows: readonly (readonly [string, string, string?])[]): void {
  for (const [at, [term, value, tone = '']] of rows.entries()) {
    const dd = list.children[at]?.lastElementChild;
    if (list.children[at]?.firstElementChild?.textContent === term && dd instanceof HTMLElement) {
      if (dd.textContent !== value || dd.className !== tone) {
        dd.textContent = value;
        dd.className = tone;
      }
    } else {
      list.replaceChildren(
        ...[...list.children].slice(0, at),
        make('div', '', make('dt', '', term), make('dd', tone, value)),
      );
    }
  }
  while (list.children.length > rows.length) {
    list.lastElementChild?.remove();
  }
}
