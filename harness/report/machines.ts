/** Which QEMU ran a run's guests, on which accelerator and host, the same in every report. */

import { oneLine } from '../base/safe-text.ts';
import type { BootView, CellView } from '../record/run-view.ts';
import type { CellStarted, HostNoted } from '../record/types.ts';

/** What a guest ran on; in the first records, which do not say, what QEMU's command line has. */
export function acceleratorOf(started: CellStarted | null): string | null {
  if (started === null) return null;
  if (started.accelerator !== undefined) return started.accelerator;
  const { argv } = started;
  const at = argv.findIndex((arg) => arg === '-accel' || arg === '--accel');
  return at < 0 ? null : (argv[at + 1]?.split(',')[0] ?? null);
}

export function acceleratorsOf(boots: readonly BootView[]): string[] {
  const names = boots.flatMap(({ started }) => acceleratorOf(started) ?? []);
  return [...new Set(names)].sort();
}

/** What a cell whose topology was left open ran on: "nested", "kvm"; empty if the matrix says it, or before a boot. */
export function chosenText({ cell, boots }: CellView): string {
  return cell.guest.topology === 'auto' ? acceleratorsOf(boots).join('/') : '';
}

/** Why those cells ran on what they ran on, each reason once: "auto: nested, for KVM is not usable here: ..." */
export function choicesOf(cells: readonly CellView[]): string[] {
  const reasons = cells
    .filter(({ cell }) => cell.guest.topology === 'auto')
    .flatMap(({ boots }) => boots.flatMap(({ started }) => started?.acceleratorReason ?? []));
  return [...new Set(reasons)].map(oneLine);
}

/**
 * "QEMU 7.2.22, tcg; pinned QEMU 10.0.13, nested; host AMD EPYC, Linux 6.18.44, under KVM, clocksource tsc; tscmatrix
 * 0.1.0". `boots`: of that host.
 */
export function hostText(host: HostNoted, boots: readonly BootView[]): string {
  const facts = [
    host.cpu,
    host.kernel === null ? null : `Linux ${host.kernel}`,
    host.hypervisor === null || host.hypervisor === 'none' ? null : `under ${host.hypervisor}`,
    host.clocksource === null ? null : `clocksource ${host.clocksource}`,
  ].filter((fact) => fact !== null);
  const parts = [...emulators(host, boots), `host ${facts.join(', ')}`, `tscmatrix ${host.tscmatrix}`];
  return parts.map(oneLine).join('; ');
}

/** The QEMUs that were used; before the first boot, the system's. */
function emulators({ qemuVersion, pinnedQemu }: HostNoted, boots: readonly BootView[]): string[] {
  const isPinned = ({ started }: BootView): boolean => started?.emulator === 'pinned';
  const pinned = boots.filter(isPinned);
  const system = boots.filter((boot) => !isPinned(boot));
  const text = (name: string, version: string | null | undefined, on: readonly BootView[]): string =>
    [`${name} ${version ?? 'of unknown version'}`, acceleratorsOf(on).join(' and ')]
      .filter((part) => part !== '')
      .join(', ');
  return [
    ...(system.length > 0 || pinned.length === 0 ? [text('QEMU', qemuVersion, system)] : []),
    ...(pinned.length > 0 ? [text('pinned QEMU', pinnedQemu?.version, pinned)] : []),
  ];
}
