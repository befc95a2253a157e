/** What the program says of itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../host/project.ts';

export const EXIT_CODES = `
Exit codes: 0 all as expected; 1 something unexpected or flaky; 2 bad usage or input;
69 the host cannot do it (no QEMU, no accelerator, no space); 130 interrupted.`;

export const ABOUT =
  'Boots Linux guests in QEMU and says whether, how and how accurately each registers the TSC.';

export function version(): string {
  const { version } = JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
