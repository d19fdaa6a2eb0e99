export type Slot = string;
export type AnswerStatus = 'waiting' | 'streaming' | 'done' | 'failed' | 'stopped';

export interface Session {
  csrf: string;
  arena: { name: string };
  sample: boolean;
  voter: { votes: number };
  /** How many models meet unless the voter says otherwise. */
  panel?: number;
  admin: boolean;
  limits: { prompt_chars: number; turns: number; min_votes: number };
  panel_sizes: number[];
  version: string;
}
export interface ModelFacts {
  label: string;
  organisation: string | null;
  licence: string | null;
  size_b: number | null;
}
export interface ModelEntry extends ModelFacts {
  enabled: boolean;
  retired: boolean;
}
export interface Spent {
  latency_ms?: number | null;
  first_token_ms?: number | null;
  tokens_in?: number | null;
  tokens_out?: number | null;
  cost_usd?: number | null;
}
export interface Answer extends Spent {
  slot: Slot;
  status: AnswerStatus;
  text: string;
  thinking: string | null;
  failure?: { kind: string; message: string } | null;
}
export interface Turn {
  turn: number;
  prompt: string;
  answers: Answer[];
}
export interface Standing {
  rating: number;
  ci_low: number;
  ci_high: number;
  rank: number;
  n_battles: number;
  enough: boolean;
}
export interface RevealedModel extends ModelFacts, Spent {
  slot: Slot;
  before: Standing | null;
  after: Standing | null;
}
export interface Reveal {
  winner: string;
  models: RevealedModel[];
  counted: boolean;
  ranking?: Slot[] | null;
  note: string | null;
  share: string | null;
}
export interface Matchup {
  id: string;
  kind: 'blind' | 'named' | 'admin';
  token: string | null;
  state: 'open' | 'voted' | 'replaced' | 'abandoned';
  size: number;
  system: string | null;
  created: number;
  slots: Slot[];
  models: (ModelFacts & { slot: Slot })[] | null;
  turns: Turn[];
  can_vote: boolean;
  vote_now: boolean;
  replaced_by: string | null;
  reason: string | null;
  reveal: Reveal | null;
  share: string | null;
}
export interface Delta {
  turn: number;
  slot: Slot;
  text?: string;
  thinking?: string;
}
export interface Row {
  rank: number;
  rank_low: number;
  rank_high: number;
  model: string;
  rating: number;
  ci_low: number;
  ci_high: number;
  elo: number;
  gladiator: number;
  size_elo: number | null;
  win_rate: number;
  win_rate_low: number;
  win_rate_high: number;
  n_battles: number;
  wins: number;
  losses: number;
  ties: number;
  both_bad: number;
  organisation: string | null;
  licence: string | null;
  size_b: number | null;
  retired: boolean;
  enough: boolean;
  flags: string[];
  component: number;
}
export interface Facet {
  name: string;
  n: number;
}
export interface Board {
  arena: string;
  filter: { source: string };
  /** Battles of the filter that do not count, by reason. */
  left_out?: Record<string, number>;
  /** Models of the arena without a battle here. */
  unrated?: { model: string; retired: boolean }[];
  n_battles: number;
  n_voters: number;
  updated: number | null;
  min_votes: number;
  method: {
    name: string;
    scale: number;
    base: number;
    anchor: string | null;
    interval: { kind: string; level: number; rounds: number | null; cluster: string | null };
  };
  warnings: string[];
  facets: { categories: Facet[]; datasets: Facet[]; languages: Facet[]; sources: Facet[] };
  rows: Row[];
}
export interface Opponent {
  model: string;
  n: number;
  wins: number;
  losses: number;
  ties: number;
  win_rate: number;
  predicted: number | null;
}
export interface BattleRow {
  battle_id: string;
  model_a: string;
  model_b: string;
  winner: string;
  source: string;
  judge_model: string | null;
  category: string | null;
  dataset: string | null;
  language: string | null;
  tstamp: number | null;
  score: number | null;
  flags: string[];
  prompt_excerpt: string;
}
export interface Message {
  role: string;
  content: string;
}
export type Said = string | Message[] | null;
export interface Style {
  tokens: number;
  headers: number;
  lists: number;
  bold: number;
  characters: number;
}
export interface Verdict {
  judge_model: string;
  order: string | null;
  label: string | null;
  winner: string | null;
  score_a: number | null;
  score_b: number | null;
  explanation: string | null;
  raw: string | null;
  failure: { kind: string; message: string } | null;
}
export interface BattleFull extends BattleRow {
  prompt: Said;
  response_a: Said;
  response_b: Said;
  style: { a: Style; b: Style } | null;
  verdicts: Verdict[];
  share: string | null;
}
export interface ModelPage extends ModelFacts {
  source: string;
  retired?: boolean;
  enabled?: boolean;
  row: Row | null;
  opponents: Opponent[];
  history: { t: number[]; rating: number[]; low: number[]; high: number[] };
  categories: { category: string; n: number; win_rate: number; low: number; high: number }[];
  latest: BattleRow[];
}
export interface Listing<T> {
  items: T[];
  next: string | null;
  total: number;
}
export interface RunEntry {
  name: string;
  state?: 'reading' | 'ready' | 'failed';
  error?: string | null;
  n_battles: number | null;
}
