export type Theme = 'system' | 'light' | 'dark';
const KEY = 'palestra-theme';

class ThemeChoice {
  value = $state<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? 'system');

  /** System, then light, then dark, then the system's again. */
  next(): void {
    this.set(this.value === 'system' ? 'light' : this.value === 'light' ? 'dark' : 'system');
  }

  set(value: Theme): void {
    this.value = value;
    if (value === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    try {
      if (value === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, value);
    } catch {
      // storage is closed: the choice holds for this page
    }
  }
}

export const theme = new ThemeChoice();
