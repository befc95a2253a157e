/** Pure. Whether parts make one whole: every cell of one plan, each once for each host that ran it. Says all that is wrong. */
import { shortList } from '../../base/suggest.ts';
import { isPlainName } from '../run-folder.ts';
import { RECORD_VERSION } from '../types.ts';
import { ownCells, type Part, partText } from './merge-part.ts';

const SHOWN = 5;

function counted(ids: readonly string[], what = 'cell'): string {
  return `${ids.length} ${what}${ids.length === 1 ? '' : 's'}: ${shortList(ids, SHOWN)}`;
}

function wrongWithin(part: Part): string[] {
  const { log, shard } = part;
  const wrong: string[] = [];
  const say = (text: string): void => void wrong.push(`${partText(part)}: ${text}`);
  if (log.view.merged !== null) say('it is a merged run itself; merge the blobs that it was made of');
  const damaged = log.problems.filter(({ line }) => line > 0);
  if (damaged[0] !== undefined) say(`line ${damaged[0].line} of its log is damaged: ${damaged[0].text}`);
  if (shard.index > shard.of || shard.own.some((i) => i >= shard.planCells.length))
    say('its own cells are none of its plan');
  const own = new Set(ownCells(part));
  const missing = [...own].filter((id) => !log.view.cells.get(id)?.judged);
  if (missing.length > 0) say(`it was cut off; it lacks ${counted(missing)}`);
  const foreign = [...log.view.cells.keys()].filter((id) => !own.has(id));
  if (foreign.length > 0) say(`it has cells that are not of its shard: ${shortList(foreign, SHOWN)}`);
  const unsafe = [...own].filter((id) => !isPlainName(id));
  if (unsafe.length > 0)
    say(
      `ids that cannot be names of folders: ${shortList(
        unsafe.map((id) => JSON.stringify(id)),
        SHOWN,
      )}`,
    );
  const elsewhere = [...log.view.cells.values()].flatMap(({ cell, boots }) =>
    boots.flatMap(({ boot, finished }) => {
      const folder = `cells/${cell.id}/boot-${boot}`;
      const there = part.files.has(`${folder}/console.log`);
      return finished === null || (finished.folder === folder && there) ? [] : [`${cell.id} boot ${boot}`];
    }),
  );
  if (elsewhere.length > 0) say(`it has no console of ${counted(elsewhere, 'boot')}`);
  return wrong;
}

/** Values that must be the same in all parts, and who has which if they are not. */
function differing(parts: readonly Part[], what: string, textOf: (part: Part) => string): string[] {
  const byValue = new Map<string, string[]>();
  for (const part of parts) {
    const value = textOf(part);
    byValue.set(value, [...(byValue.get(value) ?? []), part.name]);
  }
  if (byValue.size <= 1) return [];
  return [
    `${what} differs: ${[...byValue].map(([value, names]) => `${value} in ${shortList(names, SHOWN)}`).join('; ')}`,
  ];
}

function differingKernels(parts: readonly Part[]): string[] {
  const names = new Set(parts.flatMap(({ log }) => [...log.view.kernels.keys()]));
  return [...names].flatMap((name) => {
    const having = parts.filter(({ log }) => log.view.kernels.get(name)?.ready);
    return differing(
      having,
      `the kernel ${name}`,
      ({ log }) => `sha256 ${log.view.kernels.get(name)?.ready?.sha256}`,
    );
  });
}

/** One way of cutting the plan into N: the places of each shard. Hosts that ran the same split compare; others do not. */
function wrongSplit(of: number, parts: readonly Part[]): string[] {
  const wrong: string[] = [];
  const plan = parts[0]?.shard.planCells ?? [];
  const absent = Array.from({ length: of }, (_, i) => i + 1).filter(
    (index) => !parts.some(({ shard }) => shard.index === index),
  );
  const owners = new Map<string, Part[]>();
  for (const part of parts)
    for (const id of ownCells(part)) owners.set(id, [...(owners.get(id) ?? []), part]);
  const missing = plan.filter((id) => !owners.has(id));
  if (absent.length > 0)
    wrong.push(`shard ${absent.map((i) => `${i}/${of}`).join(', ')} is missing: ${counted(missing)}`);
  else if (missing.length > 0) wrong.push(`no shard of ${of} has ${counted(missing)}`);
  const torn = [...owners].filter(([, own]) => new Set(own.map(({ shard }) => shard.index)).size > 1);
  if (torn.length > 0) {
    const ids = torn.map(([id]) => id);
    wrong.push(`several shards have ${counted(ids)}; the shards were split by different --durations files`);
  }
  return wrong;
}

/** The same cells twice are meant if two hosts ran them, and a mistake if one did. */
function wrongDuplicates(parts: readonly Part[]): string[] {
  return parts.flatMap((part, i) =>
    parts.slice(i + 1).flatMap((other) => {
      const ids = new Set(ownCells(part));
      const both = other.label === part.label ? ownCells(other).filter((id) => ids.has(id)) : [];
      return both.length === 0
        ? []
        : [
            `${partText(part)} and ${partText(other)} both have ${counted(both)}; several hosts need a --label each`,
          ];
    }),
  );
}

/** One sentence for each thing that keeps the parts from being one run; none if nothing does. */
export function wrongWithParts(parts: readonly Part[]): string[] {
  const wrong = parts.flatMap(wrongWithin);
  wrong.push(
    ...differing(parts, 'the matrix', ({ started: { matrix } }) => `${matrix.name}, sha256 ${matrix.sha256}`),
  );
  if (new Set(parts.map(({ started }) => started.matrix.sha256)).size === 1) {
    wrong.push(
      ...differing(parts, 'the plan', ({ started, shard }) => {
        const filters = started.options.filters.join(' ');
        return `${shard.planCells.length} cells${filters === '' ? '' : ` by --filter ${filters}`}, digest ${shard.planSha256.slice(0, 12)}`;
      }),
    );
  }
  wrong.push(...differing(parts, '--repeat', ({ started }) => String(started.options.repeat)));
  wrong.push(...differing(parts, 'the record version', ({ log }) => `${log.version} (of ${RECORD_VERSION})`));
  wrong.push(...differingKernels(parts));
  wrong.push(...wrongDuplicates(parts));
  const plans = new Set(parts.map(({ shard }) => shard.planSha256));
  if (plans.size !== 1) return wrong;
  for (const of of new Set(parts.map(({ shard }) => shard.of)))
    wrong.push(
      ...wrongSplit(
        of,
        parts.filter(({ shard }) => shard.of === of),
      ),
    );
  return wrong;
}
