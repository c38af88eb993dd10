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

/** Terms and what they mean just now. */
export function facts(list: HTMLElement, rows: readonly (readonly [string, string, string?])[]): void {
  list.replaceChildren(
    ...rows.map(([term, value, tone = '']) => make('div', '', make('dt', '', term), make('dd', tone, value))),
  );
}
