/** `tscmatrix report`: a stored run in any of the reporters' forms. */
import { EXIT } from '../base/errors.ts';
import { reportRecord } from '../report/replay.ts';
import { openRun } from '../run/stored.ts';

export interface ReportFlags {
  readonly results: string;
  readonly reporter: readonly string[];
  /** A file for the page. */
  readonly html?: string;
  readonly json?: boolean;
}

export async function reportCommand(run: string | undefined, flags: ReportFlags): Promise<number> {
  const record = await openRun(flags.results, run ?? 'latest');
  if (flags.html !== undefined) {
    // The page takes the place of the table, not of what else was asked for.
    await (await import('../report/html/write-pages.ts')).writeRunPage(record, flags.results, flags.html);
    if (flags.reporter.length === 0 && flags.json !== true) return EXIT.ok;
  }
  const failures = await reportRecord(record, flags.reporter, { json: flags.json === true });
  return failures.length === 0 ? EXIT.ok : EXIT.hostFault;
}
