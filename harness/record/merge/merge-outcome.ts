/** Pure. What several hosts said of one cell, as one outcome: the worst counts, and a disagreement is said. */
import type { Outcome } from '../../verdict/types.ts';
import type { CellJudged, HostJudgement } from '../types.ts';

/** A finding about a kernel counts for more than a fault of a host; a host that could not run the cell for least. */
const WORST_FIRST: readonly Outcome[] = ['unexpected', 'flaky', 'infra-error', 'expected', 'skipped'];

/** Whether the host had a guest, or a build, to judge. */
function ran({ outcome, verdicts }: HostJudgement): boolean {
  return outcome !== 'skipped' && verdicts.some((verdict) => verdict !== 'infra-error');
}

function verdictText({ verdicts }: HostJudgement): string {
  return [...new Set(verdicts)].sort().join(', ');
}

/** Whether hosts that ran the cell came to different verdicts. */
export function hostsDisagree(hosts: readonly HostJudgement[]): boolean {
  return new Set(hosts.filter(ran).map((host) => `${host.outcome} ${verdictText(host)}`)).size > 1;
}

/** "amd: refined; intel: never" */
export function hostsText(hosts: readonly HostJudgement[]): string {
  return hosts.map((host) => `${host.label}: ${ran(host) ? verdictText(host) : host.outcome}`).join('; ');
}

type Merged = Pick<CellJudged, 'outcome' | 'reason' | 'verdicts' | 'hosts'>;

/** At least one host. With one alone it is that host's judgement. */
export function mergeHosts(hosts: readonly HostJudgement[]): Merged {
  const worst = WORST_FIRST.flatMap((outcome) => hosts.filter((host) => host.outcome === outcome))[0];
  if (worst === undefined) throw new Error('no host judged the cell');
  const { outcome, reason } = worst;
  const verdicts = hosts.flatMap((host) => host.verdicts);
  if (hosts.length === 1) return { outcome, reason, verdicts };
  const where = `on ${worst.label}: ${reason}`;
  const said = hostsDisagree(hosts) ? `hosts disagree (${hostsText(hosts)}); ${where}` : where;
  return { outcome, reason: said, verdicts, hosts };
}
