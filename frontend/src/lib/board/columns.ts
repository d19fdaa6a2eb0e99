import type { Row } from '../api/types';

export type Key =
  | 'rank'
  | 'model'
  | 'rating'
  | 'win_rate'
  | 'elo'
  | 'gladiator'
  | 'size_elo'
  | 'n_battles'
  | 'organisation'
  | 'licence'
  | 'size_b';

export interface Column {
  key: Key;
  name: string;
  /** What the heading means, as its tooltip. */
  about: string;
  numeric: boolean;
  /** Sorted the other way round at the first press. */
  ascending: boolean;
}

const column = (key: Key, name: string, about: string, numeric = true, ascending = false): Column => ({
  key,
  name,
  about,
  numeric,
  ascending,
});

export const COLUMNS: Column[] = [
  column('rank', 'Rank', 'The places this model may hold, as far as the intervals tell', true, true),
  column('model', 'Model', 'The name, and who made it', false, true),
  column('rating', 'Rating', 'Bradley-Terry with its 95 % interval'),
  column('win_rate', 'Wins', 'Share of battles won, a tie as half a win, with 95 % bounds'),
  column('elo', 'Elo', 'Elo, updated battle by battle'),
  column('gladiator', 'Gladiator', 'Win rate × (1 − 1/(n + 1)): wins that are many and earned often'),
  column(
    'size_elo',
    'Size Elo',
    'Elo that starts at 1000 + 100 per billion parameters and rewards small winners',
  ),
  column('n_battles', 'Battles', 'Battles counted'),
  column('size_b', 'Size', 'Billions of parameters', true, true),
  column('licence', 'Licence', 'The licence of its weights', false, true),
];

const text = (value: string | null) => value?.toLowerCase() ?? '\uffff';

/** Rows in order; models without the value come last, whichever way it is sorted. */
export function sortRows(rows: Row[], key: Key, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [a[key], b[key]];
    if (x === null || y === null) return x === y ? a.rank - b.rank : x === null ? 1 : -1;
    const order =
      typeof x === 'number' && typeof y === 'number'
        ? x - y
        : text(String(x)) < text(String(y))
          ? -1
          : Number(x !== y);
    return sign * order || a.rank - b.rank;
  });
}
