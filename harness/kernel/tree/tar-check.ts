/**
 * Looks through a tar archive before it is unpacked, by the listing of the tar that unpacks it: another reader may see other members than
 * it does (pax overrides, sparse files, what follows the end).
 */
import { posix } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { tryTool } from '../../host/process.ts';

/** Mode, owner, size, date and time, then the name; a link's name and target have " -> " or " link to " between them. */
const LINE = /^(.)\S{9}\+?\s+\S+\s+\S+\s+\S+\s+\S+ (.*)$/;

/** A kernel tree has 1.5 GB. */
const MOST_BYTES = 16 * 1024 ** 3;

/** Throws UserError for an archive that cannot be read, or that would write or point outside its own folder. */
export async function checkTar(path: string): Promise<void> {
  const args = ['--list', '--verbose', '--numeric-owner', '--quoting-style=escape', '--absolute-names'];
  const result = await tryTool('tar', [...args, '--file', path], {
    env: { LC_ALL: 'C', TZ: 'UTC', XZ_DEFAULTS: '-T0' },
    hint: 'apt-get install tar',
  });
  if (result.exitCode !== 0) throw tarFault(path, result.stderr);
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  const own = lines.map(memberFault).find((fault) => fault !== undefined);
  const fault = own ?? archiveFaults(lines).next().value;
  if (fault === undefined) return;
  throw new UserError(
    `${path} is refused: ${fault}`,
    'an archive like this is broken or hostile; get it from its maker again',
  );
}

/**
 * What no member shows alone: one that lies behind a link of the archive, where ".." means another folder than it says, and
 * more than a disk holds.
 */
export function* archiveFaults(lines: readonly string[]): Generator<string> {
  const links = new Set<string>();
  let bytes = 0;
  for (const line of lines) {
    const [, type, size, rest = ''] = /^(.)\S{9}\+?\s+\S+\s+(\d+)\s+\S+\s+\S+ (.*)$/.exec(line) ?? [];
    if (type === '-') bytes += Number(size);
    if (type === 'l') for (const [name] of splits(rest, ' -> ')) links.add(posix.normalize(name));
  }
  if (bytes > MOST_BYTES) yield `its files are of ${Math.ceil(bytes / 1024 ** 3)} GiB together`;
  if (links.size === 0) return;
  for (const line of lines) {
    const rest = LINE.exec(line)?.[2] ?? '';
    const type = line[0];
    const names = type === 'l' ? splits(rest, ' -> ') : type === 'h' ? splits(rest, ' link to ') : [[rest]];
    for (const [name = ''] of names) {
      for (let above = posix.dirname(posix.normalize(name)); above !== '.'; above = posix.dirname(above)) {
        if (links.has(above)) yield `its member ${JSON.stringify(rest.slice(0, 200))} lies behind a link`;
        if (above === '/') break;
      }
    }
  }
}

export function tarFault(path: string, stderr: string): UserError {
  const reasons = stderr.trim().split('\n').slice(-3).join('\n');
  return new UserError(`${path} is not a tar archive, or is damaged:\n${reasons}`, 'get it again');
}

/** Exported for tests: why a line of "tar --list --verbose" must not be unpacked. */
export function memberFault(line: string): string | undefined {
  const match = LINE.exec(line);
  const [, type = '', rest = ''] = match ?? [];
  if (match === null)
    return `its listing has a line that cannot be read: ${JSON.stringify(line.slice(0, 80))}`;
  const shown = JSON.stringify(rest.slice(0, 200));
  switch (type) {
    case '-':
    case 'd':
      return leaves(rest) ? `its member ${shown} leaves the tree` : undefined;
    case 'l':
      // A name may itself hold the arrow: every way to read the line has to be harmless.
      return splits(rest, ' -> ').some(
        ([name, target]) =>
          leaves(name) || target.startsWith('/') || leaves(posix.join(posix.dirname(name), target)),
      )
        ? `its link ${shown} points out of the tree`
        : undefined;
    case 'h':
      return splits(rest, ' link to ').some(([name, target]) => leaves(name) || leaves(target))
        ? `its link ${shown} points out of the tree`
        : undefined;
    default:
      return `its member ${shown} is neither a file nor a folder nor a link`;
  }
}

function splits(text: string, separator: string): [string, string][] {
  const found: [string, string][] = [];
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
    found.push([text.slice(0, at), text.slice(at + separator.length)]);
  }
  return found.length > 0 ? found : [[text, '/']];
}

function leaves(name: string): boolean {
  return name.startsWith('/') || posix.normalize(name).split('/').includes('..');
}
