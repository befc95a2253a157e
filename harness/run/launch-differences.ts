/** How a launch that a record tells differs from one that was made here. Pure. */
import type { Launch } from '../guest/types.ts';

/** Their values are files of the host: the same content may lie elsewhere, and digests say whether it is the same. */
const FILES = new Set(['-kernel', '-initrd', '-L']);
const FILE_VARIABLES = new Set(['LD_PRELOAD']);

/** Words of an argument list, an option with its value. */
function options(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    const next = argv[i + 1];
    const takes = word.startsWith('-') && next !== undefined && !next.startsWith('-');
    out.push(takes ? `${word} ${FILES.has(word) ? '(a file)' : next}` : word);
    if (takes) i += 1;
  }
  return out;
}

const variables = ({ environment = {} }: Launch): string[] =>
  Object.entries(environment).map(
    ([name, value]) => `${name}=${FILE_VARIABLES.has(name) ? '(a file)' : value}`,
  );

/** Each word that only one of them has. */
function compare(what: string, recorded: readonly string[], now: readonly string[]): string[] {
  const rest = [...now];
  const gone = recorded.filter((word) => {
    const at = rest.indexOf(word);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const order = gone.length === 0 && rest.length === 0 && recorded.some((word, i) => word !== now[i]);
  return [
    ...gone.map((word) => `${what}: recorded ${word}`),
    ...rest.map((word) => `${what}: now ${word}`),
    ...(order ? [`${what}: in another order`] : []),
  ];
}

/** One text for each difference; a record's text is not safe to show as it is. */
export function launchDifferences(recorded: Launch, now: Launch): string[] {
  return [
    ...compare('argument', options(recorded.argv), options(now.argv)),
    ...compare('variable', variables(recorded), variables(now)),
    ...compare(
      "the guest's QEMU",
      options(recorded.nested?.command ?? []),
      options(now.nested?.command ?? []),
    ),
    ...compare(
      "variable of the guest's QEMU",
      recorded.nested?.environment ?? [],
      now.nested?.environment ?? [],
    ),
    ...compare('question', recorded.nested?.questions ?? [], now.nested?.questions ?? []),
    ...(recorded.commandLine === now.commandLine ? [] : ['the kernel command line']),
  ];
}
