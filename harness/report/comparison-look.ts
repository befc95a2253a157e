/** How a comparison is shown. */
export interface ComparisonLook {
  readonly colour: boolean;
  /** Of the terminal; undefined if there is no limit. */
  readonly columns: number | undefined;
  /** Cells that are the same or identical too. */
  readonly all: boolean;
}
