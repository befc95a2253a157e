/** Looks through a tar archive before it is unpacked. */
import { posix } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { tryTool } from '../../host/process.ts';

/** Mode, owner, size, date and time, then the name; a link's name and target have " -> " or " link to " between them. */
const LINE = /^(.)\S{9}\+?\s+\S+\s+\S+\s+\S+\s+\S+ (.*)$/;

/** Throws UserError for an archive that cannot be read, or that would write or point outside its own folder. */
export async function checkTar(path: string, signal?: AbortSignal): Promise<void> {
  const args = ['--list', '--verbose', '--numeric-owner', '--quoting-style=escape', '--absolute-names'];
  const result = await tryTool('tar', [...args, '--file', path], {
    env: { LC_ALL: 'C', TZ: 'UTC', XZ_DEFAULTS: '-T0' },
    hint: 'apt-get install tar',
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode !== 0) throw tarFault(path, result.stderr);
  for (const line of result.stdout.split('\n')) {
    const fault = line === '' ? undefined : memberFault(line);
    if (fault !== undefined) {
      throw new UserError(
        `${path} is refused: ${fault}`,
        'an archive like this is broken or hostile; get it from its maker again',
      );
    }
  }
}

/** The error of tar, as one of the archive. */
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
