/** What the run rests on, folded away. */
import type { Provenance } from '../../record/provenance/provenance-types.ts';
import type { RunRecord } from '../../record/reader.ts';
import { html, type Markup } from './markup.ts';

type Known = { readonly value: string | number | boolean | null; readonly reason?: string };

function said(fact: Known): string {
  if (fact.value === null) return `not known: ${fact.reason ?? 'no reason recorded'}`;
  return String(fact.value);
}

export function provenanceMarkup({ provenance, view, dir, version }: RunRecord): Markup {
  const rows: (readonly [string, string])[] = [
    ['Folder', dir],
    ['Record version', String(version)],
    ['Matrix', view.started?.matrix.path ?? ''],
    ['Matrix sha256', view.started?.matrix.sha256 ?? ''],
    ['Options', optionsText(view.started?.options)],
  ];
  if (provenance !== null) {
    const { tscmatrix, qemu, host, files, node } = provenance;
    const dirty = tscmatrix.dirty.value === true ? ', with changes that are in no commit' : '';
    rows.push(
      ['tscmatrix', `${tscmatrix.version}, commit ${said(tscmatrix.commit as Known)}${dirty}`],
      ['Node', node],
      ['QEMU', `${said(qemu.version as Known)} at ${said(qemu.path as Known)}`],
      ['QEMU sha256', said(qemu.sha256 as Known)],
      ...pinnedRows(provenance),
      ['Host CPU', `${said(host.cpu as Known)}, ${host.cpus} CPUs`],
      ['Host kernel', host.kernel],
      ['Host hypervisor', said(host.hypervisor as Known)],
      ['Host clocksource', said(host.clocksource.current as Known)],
      ['Host TSC', `${said(host.tscKhz as Known)}${host.tscKhz.value === null ? '' : ' kHz'}`],
      ['Host load', host.load.map((load) => load.toFixed(2)).join(' ')],
      ['Host memory', `${Math.round(host.memoryMiB)} MiB, ${Math.round(host.memoryFreeMiB)} MiB free`],
      ...files.map((file) => [file.name, `${file.path}, sha256 ${said(file.sha256 as Known)}`] as const),
    );
  }
  return html`<details><summary>What the run rests on</summary><dl class="pairs">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></details>`;
}

function pinnedRows({ pinnedQemu, appliance }: Provenance): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (pinnedQemu !== undefined) {
    const { version, debianVersion, behaviour, path } = pinnedQemu;
    rows.push(['Pinned QEMU', `${version} (Debian ${debianVersion}), behaviour ${behaviour}, at ${path}`]);
  }
  if (appliance !== undefined)
    rows.push([
      'Appliance',
      `Linux ${appliance.kernelRelease}, QEMU ${appliance.qemuVersion}, sha256 ${appliance.sha256}`,
    ]);
  return rows;
}

function optionsText(options: Readonly<Record<string, unknown>> | undefined): string {
  return Object.entries(options ?? {})
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(' ') || 'none' : String(value)}`)
    .join(', ');
}
