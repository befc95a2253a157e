/** Light, dark, or as the system has it. */
import { byId } from './dom.ts';

const KEY = 'tscmatrix-theme';

export function startTheme(): void {
  const choice = byId('theme');
  const stored = remembered();
  apply(stored);
  if (!(choice instanceof HTMLSelectElement)) return;
  choice.value = stored;
  choice.addEventListener('change', () => {
    apply(choice.value);
    try {
      localStorage.setItem(KEY, choice.value);
    } catch {
      // A page from a file may have no storage: the choice then lasts as long as the page.
    }
  });
}

function remembered(): string {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : '';
  } catch {
    return '';
  }
}

function apply(theme: string): void {
  if (theme === '') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
