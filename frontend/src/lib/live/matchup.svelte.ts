import { api, ApiError, errorText } from '../api/client';
import { listen } from '../api/events';
import type { Answer, Delta, Matchup, Reveal } from '../api/types';
import { say } from '../announce.svelte';

/** How long to wait before asking again for answers that the server gave up on. */
const AGAIN_MS = 1500;

/** One answer on the screen: its text grows, the rest comes with the server's events. */
export class LiveAnswer {
  text = $state('');
  thinking = $state('');
  facts: Answer = $state.raw({ slot: '', status: 'waiting', text: '', thinking: null });

  constructor(answer: Answer) {
    this.take(answer);
  }
  take(answer: Answer): void {
    this.facts = answer;
    this.text = answer.text ?? '';
    this.thinking = answer.thinking ?? '';
  }
  get status() {
    return this.facts.status;
  }
  get over(): boolean {
    return this.status === 'done' || this.status === 'failed' || this.status === 'stopped';
  }
}

export interface LiveTurn {
  turn: number;
  prompt: string;
  answers: LiveAnswer[];
}

/** A matchup as the page sees it: the server's snapshot, kept up to date by its events. */
export class LiveMatchup {
  data: Matchup | null = $state.raw(null);
  turns: LiveTurn[] = $state.raw([]);
  /** What is being asked of the server right now; while something is, the page's buttons rest. */
  asking: string | null = $state(null);
  error: string | null = $state(null);
  /** Why another matchup took this one's place. */
  replaced: string | null = $state(null);
  /** The server does not know this voter's battle any more: the session expired, or its data were deleted. */
  lost = $state(false);
  /** A voter may decide before all have finished, after saying so. */
  early = $state(false);

  #close: (() => void) | null = null;
  #deltas: Delta[] = [];
  #frame: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  get id(): string | null {
    return this.data?.id ?? null;
  }
  get last(): LiveTurn | null {
    return this.turns.at(-1) ?? null;
  }
  get streaming(): boolean {
    return this.data?.state === 'open' && (this.last?.answers.some((answer) => !answer.over) ?? false);
  }
  get decided(): boolean {
    return this.data?.state === 'voted';
  }
  get votable(): boolean {
    if (!this.data || this.data.state !== 'open') return false;
    return this.data.can_vote || (this.data.vote_now && this.early);
  }

  /** Shows `matchup` and listens to it while it is open. */
  open(matchup: Matchup): void {
    const another = matchup.id !== this.data?.id;
    if (another) {
      this.close();
      this.early = false;
      this.turns = [];
      this.error = null;
    }
    this.lost = false;
    this.#take(matchup);
    if (matchup.state === 'open' && this.streaming && !this.#close) this.#listen(matchup.id);
  }

  clear(): void {
    this.close();
    this.data = null;
    this.turns = [];
    this.error = this.replaced = null;
    this.early = this.lost = false;
  }

  close(): void {
    this.#close?.();
    this.#close = null;
    this.#deltas = [];
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    if (this.#timer) clearTimeout(this.#timer);
    this.#frame = this.#timer = null;
  }

  /** Starts a matchup; false if the server refused, with the reason in `error`. */
  async start(body: Record<string, unknown>): Promise<boolean> {
    this.replaced = null;
    return this.#ask('start', '/api/matchups', body);
  }
  followUp(prompt: string): Promise<boolean> {
    return this.#ask('turn', `/api/matchups/${this.id}/turns`, { prompt });
  }
  regenerate(): Promise<boolean> {
    return this.#ask('regenerate', `/api/matchups/${this.id}/regenerate`);
  }
  stop(): Promise<boolean> {
    return this.#ask('stop', `/api/matchups/${this.id}/stop`);
  }
  replace(): Promise<boolean> {
    return this.#ask('replace', `/api/matchups/${this.id}/replace`);
  }

  /** Votes once, however often it is called; another vote that was counted first is shown instead. */
  async vote(choice: { winner: string } | { ranking: string[] }): Promise<boolean> {
    if (this.asking || !this.data || this.data.state !== 'open') return false;
    const { id, token } = this.data;
    this.asking = 'vote';
    this.error = null;
    try {
      const reveal = await api<Reveal>(`/api/matchups/${id}/vote`, {
        method: 'POST',
        body: { token, ...choice },
      });
      await this.#settle(id, reveal);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) await this.refresh();
      if (!this.decided) this.#fail(error);
      return this.decided;
    } finally {
      this.asking = null;
    }
  }

  /** The matchup as the server has it now. */
  async refresh(): Promise<void> {
    const id = this.id;
    if (!id) return;
    try {
      const matchup = await api<Matchup>(`/api/matchups/${id}`);
      if (this.id === id) this.open(matchup);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Says what went wrong; 403 and 404 of a battle that was ours mean that it is so no more. */
  #fail(error: unknown): void {
    if (this.id && error instanceof ApiError && (error.status === 403 || error.status === 404)) {
      this.close();
      this.lost = true;
      this.error = null;
    } else this.error = errorText(error);
  }

  async #ask(what: string, path: string, body?: unknown): Promise<boolean> {
    if (this.asking) return false;
    this.asking = what;
    this.error = null;
    try {
      const matchup = await api<Matchup>(path, { method: 'POST', body: body ?? {} });
      if (what === 'turn' || what === 'regenerate') {
        this.close();
        this.early = false;
      }
      this.open(matchup);
      return true;
    } catch (error) {
      this.#fail(error);
      if (error instanceof ApiError && error.status === 409 && this.id) await this.refresh();
      return false;
    } finally {
      this.asking = null;
    }
  }

  async #settle(id: string, reveal: Reveal): Promise<void> {
    this.close();
    if (this.data?.id !== id) return;
    this.data = {
      ...this.data,
      state: 'voted',
      reveal,
      can_vote: false,
      vote_now: false,
      share: reveal.share,
    };
    try {
      const full = await api<Matchup>(`/api/matchups/${id}`);
      if (this.data?.id === id) this.#take({ ...full, reveal: full.reveal ?? reveal });
    } catch {
      // the reveal itself is here; times and costs of the answers are not worth an error
    }
  }

  #take(matchup: Matchup): void {
    const known = new Map(this.turns.map((turn) => [turn.turn, turn]));
    this.turns = matchup.turns.map((turn) => {
      const old = known.get(turn.turn);
      if (!old || old.answers.length !== turn.answers.length) {
        return { ...turn, answers: turn.answers.map((answer) => new LiveAnswer(answer)) };
      }
      for (const [i, answer] of turn.answers.entries()) old.answers[i]?.take(answer);
      return old.prompt === turn.prompt ? old : { ...old, prompt: turn.prompt };
    });
    this.data = matchup;
  }

  #listen(id: string): void {
    this.#close = listen(
      `/api/matchups/${id}/events`,
      (event, data) => this.#hear(id, event, data),
      (error) => {
        this.#close = null;
        if (error.status === 404) this.#fail(error);
        else void this.refresh();
      },
    );
  }

  #hear(id: string, event: string, data: unknown): void {
    if (this.id !== id) return;
    if (event === 'delta') {
      this.#deltas.push(...(data as { deltas: Delta[] }).deltas);
      this.#plan();
      return;
    }
    this.#flush();
    if (event === 'snapshot') this.#take(data as Matchup);
    else if (event === 'answer')
      this.#answer(data as { turn: number; answer: Answer; can_vote: boolean; vote_now: boolean });
    else if (event === 'state' && this.data) this.data = { ...this.data, ...(data as Partial<Matchup>) };
    else if (event === 'replaced') void this.#replaced(data as { by: string | null; reason: string });
    else if (event === 'end') this.#ended(id);
  }

  /** The server will say no more; if answers are still missing here, it is asked again after a moment. */
  #ended(id: string): void {
    this.#close = null;
    if (!this.streaming) return;
    setTimeout(() => {
      if (this.id === id && this.streaming && !this.#close) void this.refresh();
    }, AGAIN_MS);
  }

  #answer(event: { turn: number; answer: Answer; can_vote: boolean; vote_now: boolean }): void {
    this.#find(event.turn, event.answer.slot)?.take(event.answer);
    const { can_vote, vote_now } = event;
    if (this.data) this.data = { ...this.data, can_vote, vote_now };
    if (can_vote && this.data?.kind === 'blind') say('All answers are here. You can vote.');
  }

  async #replaced(event: { by: string | null; reason: string }): Promise<void> {
    this.close();
    if (!event.by) {
      this.error = event.reason;
      if (this.data) this.data = { ...this.data, state: 'replaced', reason: event.reason };
      return;
    }
    try {
      const next = await api<Matchup>(`/api/matchups/${event.by}`);
      this.open(next);
      this.replaced = event.reason;
      say('A model could not answer, so two others took the battle over.');
    } catch (error) {
      this.error = errorText(error);
    }
  }

  #find(turn: number, slot: string): LiveAnswer | undefined {
    return this.turns.find((t) => t.turn === turn)?.answers.find((answer) => answer.facts.slot === slot);
  }

  /** All deltas of a frame are applied at once; a page in the background has no frames, and uses a timer. */
  #plan(): void {
    if (this.#frame !== null || this.#timer) return;
    if (document.hidden) this.#timer = setTimeout(() => this.#flush(), 200);
    else this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    if (this.#timer) clearTimeout(this.#timer);
    this.#frame = this.#timer = null;
    const grown = new Map<LiveAnswer, { text: string; thinking: string }>();
    for (const delta of this.#deltas) {
      const answer = this.#find(delta.turn, delta.slot);
      if (!answer) continue;
      const more = grown.get(answer) ?? { text: '', thinking: '' };
      more.text += delta.text ?? '';
      more.thinking += delta.thinking ?? '';
      grown.set(answer, more);
    }
    this.#deltas = [];
    for (const [answer, more] of grown) {
      if (more.text) answer.text += more.text;
      if (more.thinking) answer.thinking += more.thinking;
      if (answer.status === 'waiting') answer.facts = { ...answer.facts, status: 'streaming' };
    }
  }
}
