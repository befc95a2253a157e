/** Every command, in the order of the help. */
import type { AnyCommand } from './command.ts';
import { BISECTION } from './commands/bisection.ts';
import { BOOT } from './commands/boot.ts';
import { HOST } from './commands/host.ts';
import { KERNELS } from './commands/kernels.ts';
import { MARGINS } from './commands/margins.ts';
import { RECORDS } from './commands/records.ts';
import { RUNS } from './commands/runs.ts';

export const COMMANDS: readonly AnyCommand[] = [
  ...RUNS,
  ...KERNELS,
  BOOT,
  ...RECORDS,
  ...BISECTION,
  ...MARGINS,
  ...HOST,
];
