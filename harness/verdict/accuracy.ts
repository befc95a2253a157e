/** How right the kernel's TSC frequency is: its own error, and that of what it was told. Pure. */
import type { Evidence } from '../evidence/evidence.ts';
import type { Facts } from '../evidence/facts.ts';
import type { Launch } from '../guest/types.ts';
import type { TrueKhz } from './clock.ts';
import type { Observation } from './types.ts';

/** Parts per million, to a thousandth. */
export function ppmBetween(kernelKhz: number, trueKhz: number): number {
  return Number((((kernelKhz - trueKhz) / trueKhz) * 1e6).toFixed(3));
}

/**
 * The frequency that the hypervisor told the guest, kHz, as its kernel printed it before it measured anything. kvm-clock, Xen's and
 * Hyper-V's clocks take the place of the calibration (x86_platform.calibrate_tsc in arch/x86/kernel/kvmclock.c, arch/x86/xen/time.c,
 * arch/x86/kernel/cpu/mshyperv.c), so a kernel that says how it measured was told nothing.
 */
export function toldKhz(facts: Facts): number | null {
  const measured = facts.calibration.some(({ kind }) => /^(?:fast|pit|reference|no-reference)/.test(kind));
  const hypervisor = facts.hypervisor?.name ?? '';
  const told = facts.kvmClock.length > 0 || /xen|hyper-?v|vmware/i.test(hypervisor);
  return told && !measured ? detectedKhz(facts) : null;
}

function detectedKhz({ detected }: Facts): number | null {
  return detected.findLast((d) => d.of === 'TSC')?.khz ?? detected.at(-1)?.khz ?? null;
}

/** How far a frequency is off, with what is not known of it, rounded up: the kernel prints whole kHz. Ppm. */
function within(khz: number, truthWithin: number): number {
  return Math.ceil((truthWithin + 1e6 / khz) * 1000) / 1000;
}

/**
 * A guest in an appliance of real time has its reference counters, and what it is told, from a kernel that measured the TSC itself.
 * Only against what it was told can its own error be seen there; told nothing, nobody knows it.
 */
export function accuracyOf(
  { facts }: Evidence,
  launch: Launch,
  truth: TrueKhz | null,
): Pick<Observation, 'kernelKhz' | 'toldKhz' | 'toldPpm' | 'ppm' | 'ppmWithin'> {
  const refined = facts.refined.at(-1)?.khz ?? null;
  const kernelKhz = refined ?? detectedKhz(facts);
  const told = toldKhz(facts);
  const ofTold = {
    toldKhz: told,
    toldPpm: told === null || truth === null ? null : ppmBetween(told, truth.khz),
  };
  const against = told ?? timeBaseOf(launch, truth)?.khz ?? null;
  if (kernelKhz === null || against === null) return { kernelKhz, ...ofTold, ppm: null };
  const ppm = ppmBetween(kernelKhz, against);
  // What it took as it was told has no error of rounding either.
  const ppmWithin =
    told === null
      ? truth?.withinPpm === undefined
        ? undefined
        : within(against, truth.withinPpm)
      : refined === null
        ? 0
        : within(told, 0);
  return {
    kernelKhz,
    ...ofTold,
    ppm,
    ...(launch.guest.clock === 'real' && ppmWithin !== undefined ? { ppmWithin } : {}),
  };
}

/**
 * What the guest's time is held against. The time of a guest in an appliance of real time is the appliance's, whose own error is no
 * matter of the guest: what it told the guest, and nothing if it told nothing.
 */
export function timeBaseOf(
  { accelerator, guest }: Launch,
  truth: TrueKhz | null,
  told: number | null = null,
): TrueKhz | null {
  if (guest.clock !== 'real' || accelerator !== 'nested') return truth;
  return told === null ? null : { khz: told, from: 'what the appliance told it', withinPpm: 1e6 / told };
}
