/** Inputs that all cells of a run share, or all cells of a kernel. */
import type { KernelView } from '../record/run-view.ts';
import type { Place } from './places.ts';
import type { InputFact } from './types.ts';

const DIGITS = 12;

export function shortDigest(sha256: string | null): string {
  return sha256 === null ? 'not known' : `sha256 ${sha256.slice(0, DIGITS)}`;
}

/** Facts of several places as one list: what they have in common, else each of the values. */
export function joinFacts(lists: readonly (readonly InputFact[])[]): InputFact[] {
  const [first = [], ...others] = lists;
  if (others.length === 0) return [...first];
  const byKey = Map.groupBy(lists.flat(), ({ input, what }) => `${input} ${what}`);
  return [...byKey.values()].map((facts) => {
    const { input, what } = facts[0] as InputFact;
    const values = [...new Set(facts.map(({ value }) => value))].toSorted();
    const text = [...new Set(facts.map((fact) => fact.text))].toSorted().join(' / ');
    return { input, what, value: values.includes(null) ? null : values.join('\n'), text };
  });
}

function fact(input: InputFact['input'], what: string, value: string | number | null | undefined): InputFact {
  const text = value === null || value === undefined ? null : String(value);
  return { input, what, value: text, text: text ?? 'not known' };
}

/** The digest decides; the release is for people. */
export function kernelFact(name: string, kernel: KernelView | undefined): InputFact {
  const ready = kernel?.ready ?? null;
  const release = ready?.release.split(' ')[0] ?? '';
  const text = ready === null ? 'not known' : `${release} (${shortDigest(ready.sha256)})`;
  return { input: 'kernel', what: name, value: ready?.sha256 ?? null, text };
}

/** The provenance knows more, the log has it if that file is lost. */
export function qemuFacts({ provenance, noted }: Place): InputFact[] {
  const sha256 = provenance?.qemu.sha256.value ?? noted?.qemuSha256 ?? null;
  return [
    fact('qemu', 'version', provenance?.qemu.version.value ?? noted?.qemuVersion),
    { input: 'qemu', what: 'program', value: sha256, text: shortDigest(sha256) },
  ];
}

/** Of cells that run on the QEMU that was built here: what decides how a guest behaves is an input, who compiled it not. */
export function pinnedQemuFacts({ provenance, noted }: Place): InputFact[] {
  const pinned = provenance?.pinnedQemu ?? noted?.pinnedQemu;
  const behaviour = pinned?.behaviour ?? null;
  return [
    fact('qemu', 'version', pinned === undefined ? null : `${pinned.version}, pinned`),
    { input: 'qemu', what: 'behaviour', value: behaviour, text: shortDigest(behaviour) },
  ];
}

/** What of the host can bear on a guest in real time. Its load and free memory are never the same twice. */
export function hostFacts({ provenance, noted }: Place): InputFact[] {
  const host = provenance?.host;
  return [
    fact('host', 'cpu', host?.cpu.value ?? noted?.cpu),
    fact('host', 'cpus', host?.cpus),
    fact('host', 'kernel', host?.kernel ?? noted?.kernel),
    fact('host', 'hypervisor', host?.hypervisor.value ?? noted?.hypervisor),
    fact('host', 'clocksource', host?.clocksource.current.value ?? noted?.clocksource),
  ];
}

/** The digests of files that go into guests, those that `isUsed` says. */
export function fileFacts({ provenance }: Place, isUsed: (path: string) => boolean): InputFact[] {
  return (provenance?.files ?? [])
    .filter(({ path }) => isUsed(path))
    .map(({ name, sha256 }) => ({
      input: /^initramfs\b/.test(name) ? 'initramfs' : 'file',
      what: name,
      value: sha256.value,
      text: shortDigest(sha256.value),
    }));
}

/**
 * A package has a version alone, a checkout a commit as well. Whether local changes were the same on two days is not
 * known, but that there were some is said. Without the provenance the commit is not known.
 */
export function toolFacts({ provenance, noted }: Place): InputFact[] {
  const tool = provenance?.tscmatrix;
  const version = fact('tscmatrix', 'version', tool?.version ?? noted?.tscmatrix);
  if (tool === undefined) return [version, fact('tscmatrix', 'commit', null)];
  const commit = tool.commit.value?.slice(0, DIGITS);
  if (commit === undefined) return [version];
  return [version, fact('tscmatrix', 'commit', `${commit}${tool.dirty.value === true ? ', modified' : ''}`)];
}
