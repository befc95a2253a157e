/** What a matrix of the museum says of itself: which upstream commit its two kernels, before and after, show. */
import { z } from 'zod';
import { strict } from './schema-parts.ts';

/** The parts that upstream's clock fixes fall into. */
export const TOPICS = [
  'registration',
  'known-frequency',
  'watchdog',
  'synchronization',
  'hypervisor',
  'suspend',
  'pause',
  'accuracy',
] as const;
export type Topic = (typeof TOPICS)[number];

/** The kernels of an exhibit: without the commit, and with it. */
export const SIDES = ['before', 'after'] as const;

const release = z.string().regex(/^\d{1,2}(?:\.\d{1,3}){1,2}$/, 'must be a release of Linux, quoted: "5.9"');
const text = z.string().min(1).max(600);

export const exhibitSchema = strict({
  commit: z
    .string()
    .regex(/^[0-9a-f]{12,40}$/, 'must be at least 12 digits of the commit, in quotes')
    .describe("The commit of upstream's tree that makes the difference."),
  subject: text.describe('Its subject.'),
  since: release.describe('The first release of Linux with it.'),
  topic: z.enum(TOPICS).describe('What it is about.'),
  reason: text.describe('Why the two sides differ, from the source.'),
  applies: strict({
    from: release.describe('The oldest release to which the cells mean anything.').optional(),
    before: release.describe('The first release to which they no longer do.').optional(),
    why: text.describe('What was not there yet, or is no longer.'),
  })
    .describe('Kernels to which the commit does not apply are those of other releases.')
    .optional(),
  needs: z
    .array(text)
    .describe(
      'What the console says if the kernel has what the cells are about: a text or a /pattern/. A kernel that does not say it cannot be told.',
    )
    .optional(),
}).meta({
  id: 'exhibit',
  description:
    'For tscmatrix audit: the upstream commit that the kernels "before" and "after" of this matrix are without and with.',
});

export type Exhibit = z.infer<typeof exhibitSchema>;
