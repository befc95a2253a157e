import type { RunEvent } from '../record/types.ts';

/** What happens between the recorded events, for people who watch. Never recorded. */
export type Progress =
  | { readonly type: 'kernel-progress'; readonly kernel: string; readonly text: string }
  | {
      readonly type: 'guest-progress';
      readonly cell: string;
      readonly boot: number;
      readonly phase: 'starting' | 'kernel' | 'probe' | 'settled';
      /** The guest's own time, seconds, as last seen on its console; null before the first line. */
      readonly guestS: number | null;
    };

/** Told of a run as it goes on, or fed from a record afterwards. */
export interface Reporter {
  /** For messages about the reporter itself. */
  readonly name?: string;
  /** Before the first event: the folder of the run, for reports that need more of it than its events. */
  opened?(dir: string): void;
  event(event: RunEvent): void;
  progress?(progress: Progress): void;
  /** After the last event; the place to write a file. */
  close?(): Promise<void> | void;
}
