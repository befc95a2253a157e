/** A cell's QEMU command line as inputs: where files lie does not matter, what they are is compared elsewhere. */

import type { CellView, RunView } from '../record/run-view.ts';
import type { InputFact } from './types.ts';

/** Facts of their own. */
const APART: readonly (string | undefined)[] = ['-append', '-accel'];
/** The folders of an absolute path, alone or as the value of a property such as file= or unix:. */
const FOLDERS = /(?<=^|[=:,])\/(?:[^,\s]*\/)?/g;

/** Of the first boot, with the program in front; null if none was started. */
export function argvOf(view: CellView): readonly string[] | null {
  return view.boots.find(({ started }) => started !== null)?.started?.argv ?? null;
}

export function argumentFacts(view: RunView, argv: readonly string[] | null): InputFact[] {
  const rest = argv === null ? null : otherArguments(view, argv);
  return [
    { input: 'command-line', what: 'command line', ...known(optionIn(argv, '-append')) },
    { input: 'accelerator', what: 'accelerator', ...known(optionIn(argv, '-accel')) },
    { input: 'qemu-arguments', what: 'QEMU arguments', ...known(rest) },
  ];
}

function known(value: string | null): Pick<InputFact, 'value' | 'text'> {
  return { value, text: value ?? 'not known' };
}

function optionIn(argv: readonly string[] | null, option: string): string | null {
  if (argv === null) return null;
  const at = argv.indexOf(option);
  return at < 0 ? '' : (argv[at + 1] ?? '');
}

/** All but the program, the command line and the accelerator, in order, with names of files in place of paths. */
function otherArguments(view: RunView, argv: readonly string[]): string {
  // A kernel's file is named after its release.
  const kernels = [...view.kernels.values()].flatMap(({ ready }) => (ready === null ? [] : [ready.path]));
  return argv
    .flatMap((word, i) => {
      if (i === 0 || APART.includes(word) || APART.includes(argv[i - 1])) return [];
      if (argv[i - 1] === '-kernel') return ['{kernel}'];
      return [kernels.reduce((text, path) => text.replaceAll(path, '{kernel}'), word).replace(FOLDERS, '')];
    })
    .join(' ');
}
