import { api } from '../api/client';
import type { Matchup } from '../api/types';
import { LiveMatchup } from '../live/matchup.svelte';

const KEY = 'palestra-side';

/** The side-by-side page's state, which outlives a visit to another page, and a reload through the session's storage. */
class SideBySide {
  live = new LiveMatchup();
  chosen: string[] = $state([]);
  text = $state('');
  system = $state('');

  async start(): Promise<void> {
    const body: Record<string, unknown> = { prompt: this.text.trim(), models: this.chosen };
    if (this.system.trim()) body.system = this.system.trim();
    this.live.clear();
    if (await this.live.start(body)) remember(this.live.id);
  }

  next(): void {
    this.live.clear();
    this.text = '';
    remember(null);
  }

  async resume(): Promise<void> {
    const id = this.live.id ?? recall();
    if (!id) return;
    try {
      const matchup = await api<Matchup>(`/api/matchups/${id}`);
      this.live.open(matchup);
      if (!this.chosen.length) this.chosen = matchup.models?.map((model) => model.label) ?? [];
    } catch {
      remember(null); // it is gone, and the page starts empty
    }
  }
}

function recall(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
function remember(id: string | null): void {
  try {
    if (id) sessionStorage.setItem(KEY, id);
    else sessionStorage.removeItem(KEY);
  } catch {
    // storage is closed: a reload starts empty
  }
}

export const side = new SideBySide();
