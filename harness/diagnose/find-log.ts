/** A folder or an archive that was made of a machine (sosreport, supportconfig, a copy of /var/log): which file is its kernel log. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { type Collected, collectLines } from '../evidence/pasted/collect.ts';
import { openInside } from '../host/inside.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { INNER_FILES_MAX, type InnerFile, tooMany } from '../host/tar-entries.ts';
import { textChunks } from '../host/text-input.ts';

interface FoundLog {
  readonly path: string;
  readonly collected: Collected;
}

export interface FoundFiles {
  /** The likeliest one first. */
  readonly logs: readonly FoundLog[];
  /** What sysfs said: contents of available_clocksource and current_clocksource. */
  readonly available: string | null;
  readonly current: string | null;
  /** Lines of other files that say what a log that lost its beginning does not: the command line, `uname -a`. */
  readonly aside: readonly string[];
  /** Logs that cannot be read, with the reason. */
  readonly problems: readonly string[];
}

const PACKED = '(?:\\.gz|\\.zst)?$';
/** By their path, the likeliest first. */
const KINDS: readonly RegExp[] = [
  // sosreport: sos_commands/kernel/dmesg; the kernel's log of this boot alone
  new RegExp(`(?:^|/)dmesg(?:_now|_-T)?(?:\\.txt|\\.log|\\.out)?${PACKED}`),
  // supportconfig: boot.txt, with the output of dmesg in it
  /(?:^|\/)boot\.txt$/,
  /(?:^|\/)journalctl(?=[^/]*(?:--boot|_-b|_-k|--dmesg))(?![^/]*_-\d)[^/]*$/,
  new RegExp(
    `(?:^|/)(?:kern\\.log|kernel\\.log|messages(?:\\.txt)?|syslog|journal[^/]*\\.(?:txt|log))${PACKED}`,
  ),
  /(?:^|\/)journalctl_--no-pager[^/]*$/,
  new RegExp(`(?:^|/)(?:[^/]*dmesg[^/]*|(?:console|serial|ttyS\\d)[^/]*\\.(?:txt|log))${PACKED}`),
];
const SYSFS = /(?:^|\/)(available|current)_clocksource$/;
const SYSFS_BYTES = 4096;
/** sosreport's copies; supportconfig's file begins with `uname -a`. */
const ASIDE = /(?:^|\/)(?:proc\/cmdline|uname(?:_-a)?|basic-environment\.txt)$/;
const ASIDE_BYTES = 64 * 1024;
const ASIDE_LINE = /^(?:Linux \S{1,64} \d+\.\d+\S* #\d|BOOT_IMAGE=\S+ )/;
/** So many logs are looked into. */
const LOGS_MAX = 12;
const LOG_BYTES_MAX = 64 * 1024 ** 3;
const DEPTH_MAX = 16;

const kindOf = (path: string): number => KINDS.findIndex((pattern) => pattern.test(path));

export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

/** Throws UserError where there is nothing that could be a kernel log. */
export async function findLogs(files: AsyncIterable<InnerFile>, name: string): Promise<FoundFiles> {
  const logs: (FoundLog & { readonly kind: number })[] = [];
  const sysfs = new Map<string, string>();
  const problems: string[] = [];
  const aside: string[] = [];
  for await (const { path, content } of files) {
    const what = SYSFS.exec(path)?.[1];
    if (what !== undefined) sysfs.set(what, (await startOf(content(), SYSFS_BYTES)).trim());
    if (ASIDE.test(path)) {
      const lines = (await startOf(content(), ASIDE_BYTES)).split('\n');
      if (path.endsWith('cmdline')) aside.push(`Command line: ${lines[0]}`);
      else aside.push(...lines.filter((line) => ASIDE_LINE.test(line)));
    }
    const kind = kindOf(path);
    if (kind < 0 || logs.length >= LOGS_MAX) continue;
    const collector = collectLines();
    try {
      for await (const chunk of textChunks(content(), path)) collector.push(chunk);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
      continue;
    }
    const collected = collector.end();
    if (!collected.isBlank) logs.push({ path, collected, kind });
  }
  if (logs.length === 0)
    throw new UserError(
      `${name} holds no kernel log that is known by its name${problems.length === 0 ? '' : ` (${problems.join('; ')})`}`,
      'looked for dmesg, boot.txt, journalctl..., kern.log, messages, syslog and the like: name the file itself',
    );
  return {
    logs: logs.toSorted((a, b) => a.kind - b.kind || a.path.length - b.path.length),
    available: sysfs.get('available') ?? null,
    current: sysfs.get('current') ?? null,
    // The command line last: what stands below it may be its next part.
    aside: aside.toSorted((a, b) => Number(b.startsWith('Linux ')) - Number(a.startsWith('Linux '))),
    problems,
  };
}

async function startOf(content: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  let text = '';
  for await (const chunk of content) if (text.length < most) text += Buffer.from(chunk).toString('latin1');
  return text.slice(0, most);
}

/** The files of a folder that may be of use; no link is followed. Throws UserError where there are too many. */
export async function* folderFiles(root: string): AsyncGenerator<InnerFile> {
  const found: string[] = [];
  const open = [''];
  let count = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    stopIfInterrupted(`reading ${root}`);
    for (const entry of await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])) {
      count += 1;
      if (count > INNER_FILES_MAX) throw tooMany(root);
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && path.split('/').length < DEPTH_MAX && isOfUse(path)) open.push(path);
      else if (entry.isFile() && (kindOf(path) >= 0 || SYSFS.test(path) || ASIDE.test(path)))
        found.push(path);
    }
  }
  for (const path of found.toSorted((a, b) => kindOf(a) - kindOf(b)))
    yield { path, content: () => contentOf(root, path) };
}

/** Of a copied /proc nothing that lies deeper, of /sys nothing but the clocksources: they have a hundred thousand files. */
function isOfUse(path: string): boolean {
  if (/(?:^|\/)proc$/.test(path)) return true;
  const inner = /(?:^|\/)(?:proc|sys)(?:\/|$)(.*)$/.exec(path);
  return (
    inner === null ||
    (!/(?:^|\/)proc(?:\/|$)/.test(path) &&
      'devices/system/clocksource/clocksource0'.startsWith(inner[1] ?? ''))
  );
}

async function* contentOf(root: string, path: string): AsyncGenerator<Uint8Array> {
  const { handle } = await openInside(root, path, LOG_BYTES_MAX);
  try {
    yield* handle.createReadStream();
  } finally {
    await handle.close();
  }
}
