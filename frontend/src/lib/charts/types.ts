export interface Intervals {
  models: string[];
  rating: number[];
  low: number[];
  high: number[];
}
export type Grid = (number | null)[][];
export interface Matrix {
  models: string[];
  observed: Grid;
  predicted: Grid;
  n: Grid;
}
export interface History {
  models: string[];
  t: number[];
  rating: Record<string, (number | null)[]>;
}
export interface Performance {
  models: string[];
  wins: number[];
  losses: number[];
  ties: number[];
  score: number[];
}
export interface Counts {
  models: string[];
  n: Grid;
}
export interface Track {
  models: string[];
  t: number[];
  rating: number[];
  low: number[];
  high: number[];
}
export interface ChartData {
  intervals: Intervals;
  observed: Matrix;
  predicted: Matrix;
  history: History;
  performance: Performance;
  counts: Counts;
  track: Track;
}
export type Kind = keyof ChartData;
export interface Table {
  head: string[];
  rows: (string | number | null)[][];
}
