export interface AdminModel {
  label: string;
  organisation: string | null;
  size_b: number | null;
  enabled: boolean;
  weight: number;
  retired: boolean;
  n_battles: number;
  /** False: it is known from battles only, so it cannot be asked. */
  configured: boolean;
}
export interface AdminVote {
  matchup_id: string;
  voter: string;
  winner: string;
  models: string[];
  kind?: string;
  flags: string[];
  tstamp: number;
  /** From the beginning of the battle to the vote. */
  seconds: number;
  prompt: string | null;
}
export interface AdminVoter {
  voter: string;
  votes: number;
  flagged: number;
  first: number | null;
  last: number | null;
  reasons: string[];
}
export interface JudgeRun {
  id: string;
  judge: string;
  state: string;
  /** Verdicts: in all, that decided, that did not. */
  total: number;
  done: number;
  failed: number;
  failures: Record<string, number>;
  cost_usd: number | null;
  seconds_left: number | null;
  created: number;
  error: string | null;
}
export interface JudgeRuns {
  items: JudgeRun[];
  /** Who could be asked: the labels of the config's judges. */
  judges: string[];
}
export interface Estimate {
  battles: number;
  total: number;
  stored: number;
  calls: number;
  free: boolean;
  cost_usd: number | null;
}
/** Lists come as `{items}` or bare. */
export const items = <T>(data: { items: T[] } | T[] | null): T[] =>
  Array.isArray(data) ? data : (data?.items ?? []);
