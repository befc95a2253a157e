/** A matrix's tests as they were put into a guest. */

/** A test as it was put into a guest. */
export interface PackedTest {
  readonly name: string;
  readonly timeoutMs: number;
  /** Of its files, libraries and arguments: which bytes ran. */
  readonly sha256: string;
}

export interface PackedTests {
  /** Names the end of a report; only the probe gets to know it. */
  readonly key: string;
  /** What each may write. */
  readonly outputBytes: number;
  readonly list: readonly PackedTest[];
}
