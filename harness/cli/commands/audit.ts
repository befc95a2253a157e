/** Kernels held against upstream's fixes. */
import type { AuditFlags } from '../audit.ts';
import { type Command, list, parsed, text } from '../command.ts';
import { OWN_MUSEUM, wholeNumber } from '../options.ts';
import {
  type Building,
  CONFINEMENT,
  filter,
  GUEST_JOBS,
  JSON_RESULT,
  QEMU,
  results,
  TIMEOUT,
} from './common.ts';

const COMMAND: Command<AuditFlags & Building, [kernels: string[]]> = {
  usage: 'audit <kernels...>',
  about: 'which upstream clock fixes a kernel has, by what it does in guests that show them',
  examples: [
    'audit bzImage',
    'audit debian:linux-image-cloud-amd64@bookworm debian:linux-image-cloud-amd64@trixie --topic registration,hypervisor',
    'audit bzImage --require e10f78050323 --junit audit.xml',
  ],
  options: {
    topic: list('<topic>', 'only fixes of these topics, with commas or repeated'),
    fix: list('<commit>', 'only these commits, or files of the museum'),
    filter: filter('guests of the exhibits'),
    require: list('<commit>', 'exit 1 if it is not shown to be there, in every kernel'),
    museum: { ...text('<dir>', 'a folder of exhibits'), value: OWN_MUSEUM },
    repeat: { ...parsed('<n>', 'boots of each kernel in each guest', wholeNumber(1)), value: 1 },
    markdown: text('<file>', 'write it as Markdown too'),
    junit: text('<file>', 'write it as JUnit XML too'),
    html: text('<file>', 'write it as one self-contained page too'),
    jobs: GUEST_JOBS,
    timeout: TIMEOUT,
    results: results(),
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, _, [kernels]) => (await import('../audit.ts')).auditCommand(kernels, flags),
};

export const AUDIT = [COMMAND];
