import { api } from '../api/client';
import type { Matchup } from '../api/types';
import { LiveMatchup } from './matchup.svelte';

const DRAFT = 'palestra-draft';
const OPEN = 'palestra-open';

/** The blind battle outlives its page: a visit to the leaderboard and back finds it where it was. */
class BlindBattle {
  live = new LiveMatchup();
  text = $state(read(DRAFT));
  system = $state('');
  size = $state(2);
  /** The voter chose how many models meet; until then the arena's own choice holds. */
  sized = false;
  /** The server is being asked whether a battle is open, and there probably is one. */
  looking = $state(read(OPEN) !== '');

  choose(size: number): void {
    this.size = size;
    this.sized = true;
  }

  keepDraft(): void {
    write(DRAFT, this.text);
  }

  /** After a reload, or a return to the page. */
  async resume(): Promise<void> {
    try {
      if (this.live.data) {
        if (!this.live.decided) await this.live.refresh();
        return;
      }
      const current = await api<Matchup | null>('/api/matchups/current');
      if (current && !this.live.data) {
        this.live.open(current);
        this.size = current.size;
      }
    } catch {
      // no battle to go on with; the page's own requests will say what is wrong
    } finally {
      this.looking = false;
    }
  }

  async start(): Promise<void> {
    const body: Record<string, unknown> = { prompt: this.text.trim(), size: this.size };
    if (this.system.trim()) body.system = this.system.trim();
    if (await this.live.start(body)) {
      write(OPEN, this.live.id ?? '');
      this.text = '';
      this.keepDraft();
    }
  }

  /** A fresh prompt box. */
  next(): void {
    this.live.clear();
    write(OPEN, '');
  }

  async again(): Promise<void> {
    const prompt = this.live.turns[0]?.prompt ?? '';
    const system = this.live.data?.system ?? '';
    this.next();
    this.text = prompt;
    this.system = system;
    await this.start();
  }
}

function read(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
function write(key: string, value: string): void {
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch {
    // storage is closed: a reload forgets the draft
  }
}

export const battle = new BlindBattle();
