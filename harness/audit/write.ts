/** The forms of an audit that go to files. */
import { writeFile } from 'node:fs/promises';
import { auditJunit } from './junit.ts';
import { auditMarkdown } from './markdown.ts';
import type { Audit } from './types.ts';

export interface AuditFiles {
  readonly markdown?: string;
  readonly junit?: string;
}

/** Throws what the file system throws. */
export async function writeAudit(audit: Audit, { markdown, junit }: AuditFiles): Promise<void> {
  if (markdown !== undefined) await writeFile(markdown, auditMarkdown(audit));
  if (junit !== undefined) await writeFile(junit, auditJunit(audit));
}
