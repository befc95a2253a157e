/** The forms of an audit that go to files, each shown to be writable before anything is booted. */
import { fileSink } from '../host/sink.ts';
import { pageSink, writePage } from '../report/html/write-page.ts';
import { auditJunit } from './junit.ts';
import { auditMarkdown } from './markdown.ts';
import { auditPage } from './page.ts';
import type { Audit } from './types.ts';

export interface AuditFiles {
  readonly markdown?: string;
  readonly junit?: string;
  readonly html?: string;
}

/** Throws UserError if a file cannot be written. What it gives writes them, and throws HostFault if the disk is full. */
export function auditSinks({ markdown, junit, html }: AuditFiles): (audit: Audit) => Promise<void> {
  const text = markdown === undefined ? null : fileSink('markdown', markdown);
  const xml = junit === undefined ? null : fileSink('junit', junit);
  const page = html === undefined ? null : pageSink(html);
  return async (audit) => {
    await text?.write(auditMarkdown(audit));
    await xml?.write(auditJunit(audit));
    if (page !== null) await writePage(page, auditPage(audit));
  };
}
