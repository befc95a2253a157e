/** Every command, in the order of the help. */
import type { AnyCommand, CommandGroups } from './command.ts';
import { AUDIT } from './commands/audit.ts';
import { BISECTION } from './commands/bisection.ts';
import { BOOT } from './commands/boot.ts';
import { COMPLETION, HOST, MANUAL } from './commands/host.ts';
import { KERNELS } from './commands/kernels.ts';
import { MARGINS } from './commands/margins.ts';
import { RECORDS } from './commands/records.ts';
import { RPM } from './commands/rpm.ts';
import { RUNS } from './commands/runs.ts';
import { SHELL } from './commands/shell.ts';

/** By what they are for; the help lists them so. */
export const GROUPS: CommandGroups = {
  'A guest of yours, and this host': HOST,
  'Boot guests': [...RUNS, BOOT, SHELL],
  'Look at recorded runs': RECORDS,
  'Search and compare kernels': [...BISECTION, ...MARGINS, ...AUDIT],
  'Build kernels': [...KERNELS, RPM],
  'The program itself': [COMPLETION, MANUAL],
};

export const COMMANDS: readonly AnyCommand[] = Object.values(GROUPS).flat();
