/** Beyond these the text is still shown, only plainer. Characters, unless said. */
export const LIMITS = {
  /** An open block longer than this is cut at a line's end, so that no parse takes long. */
  block: 12_000,
  /** A line longer than this is shown as plain text, in pieces. */
  line: 16_000,
  piece: 8_000,
  /** Answers longer than this let the browser skip what is off the screen. */
  long: 10_000,
  /** How much settled text shares one skippable element. */
  group: 6_000,
  formulas: 400,
  formula: 2_000,
  highlight: 30_000,
  highlightTotal: 200_000,
} as const;
