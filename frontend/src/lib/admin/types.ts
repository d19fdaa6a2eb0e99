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
  state: string;
  judge: string;
  total: number;
  done: number;
  failed: number;
  created: number;
  finished: number | null;
  error: string | null;
}
/** Lists come as `{items}` or bare. */
export const items = <T>(data: { items: T[] } | T[] | null): T[] => (Array.isArray(data) ? data : (data?.items ?? []));
