/** `tscmatrix audit`: which upstream clock fixes a kernel has, by what it does. */
import { join } from 'node:path';
import { runAudit } from '../audit/run-audit.ts';
import { auditText } from '../audit/text.ts';
import type { Audit } from '../audit/types.ts';
import { type AuditFiles, auditSinks } from '../audit/write.ts';
import { EXIT } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { progressLine } from '../host/progress-line.ts';
import { ownMuseum } from '../lab/museum.ts';
import { forgetGit } from './git.ts';
import { OWN_MUSEUM, type RunWords, runOptions } from './options.ts';
import { say } from './say.ts';

export interface AuditFlags extends RunWords, AuditFiles {
  readonly topic: readonly string[];
  readonly fix: readonly string[];
  readonly require: readonly string[];
  readonly museum: string;
  readonly json?: boolean;
}

const listed = (words: readonly string[]): string[] => words.flatMap((word) => word.split(','));

/** 0 if all that was required is there; 1 if it is not, 69 if the host gave no answer to it or to anything. */
export async function auditCommand(kernels: readonly string[], flags: AuditFlags): Promise<number> {
  forgetGit();
  const write = auditSinks(flags);
  const audit = await runAudit(
    {
      kernels,
      museum: flags.museum === OWN_MUSEUM ? ownMuseum() : flags.museum,
      topics: listed(flags.topic),
      fixes: listed(flags.fix),
      required: listed(flags.require),
      run: runOptions(flags),
    },
    progressLine(process.stderr),
  );
  process.stdout.write(flags.json === true ? `${json(audit)}\n` : auditText(audit));
  if (audit.run !== '') say(`the consoles are in ${join(flags.results, audit.run)}`);
  await write(audit);
  for (const text of audit.lacks) say(`required, and not shown to be there: ${text}`);
  return exitOf(audit);
}

function exitOf({ fixes, lacks }: Audit): number {
  const findings = fixes.flatMap(({ kernels }) => Object.values(kernels));
  const isLacking = findings.some(({ state }) => state === 'absent' || state === 'partly');
  if (lacks.length > 0 && isLacking) return EXIT.unexpected;
  if (findings.some(({ isHostFault }) => isHostFault)) return EXIT.hostFault;
  return lacks.length > 0 ? EXIT.unexpected : EXIT.ok;
}
