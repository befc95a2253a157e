/** What is shown, kept in the part of the address after "#", so that a link shows the same. */

export function readAddress(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

/** Sets or, with an empty value, removes parts of the address. Makes no entry in the browser's history. */
export function setAddress(changes: Readonly<Record<string, string>>): void {
  const parts = readAddress();
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') parts.delete(name);
    else parts.set(name, value);
  }
  const text = parts.toString();
  history.replaceState(null, '', text === '' ? location.pathname + location.search : `#${text}`);
}

/** The page's address with one cell opened and nothing else. */
export function linkTo(cell: string): string {
  return `${location.href.split('#')[0]}#${new URLSearchParams({ cell }).toString()}`;
}
