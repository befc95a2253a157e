/** Is this a guest? A bare machine gets no advice for guests. */
import type { Context } from './context.ts';

const OF_GUESTS = /^(?:kvm-clock|xen|vmware-tsc|hyperv_clocksource\w*)$/;

/** Firmware of virtual machines: SeaBIOS, OVMF and those of clouds. "Amazon EC2 m5.metal" is a bare machine. */
const GUEST_DMI =
  /QEMU|KVM|VMware|VirtualBox|Xen|HVM domU|Virtual|Bochs|Parallels|bhyve|oVirt|OpenStack|Google Compute Engine|Amazon EC2 (?!\S*metal)|Droplet|vServer/i;
/** Makers of machines; any other name may be that of a cloud. */
const METAL_DMI =
  /^(?:Acer|Apple|ASRock|ASUS\w*|AZW|Biostar|Cisco|Dell|Framework|FUJITSU|Gigabyte|Hewlett|HPE?|IBM|Inspur|Intel|LENOVO|Micro-Star|MSI|PC Engines|Quanta|Samsung|Sony|Supermicro|System manufacturer|TOSHIBA|TYAN|To Be Filled|Amazon EC2 \S*metal)\b/i;

/** Null if the text does not tell. */
export function isGuest({ facts, available, current }: Context): boolean | null {
  const flags = facts.cpuFlags?.value ?? null;
  const seen = [...facts.switches.map((s) => s.name), ...facts.watchdog.map((w) => w.watchdog)];
  const sources = [...(available ?? []), ...seen, current];
  if (facts.hypervisor !== null || facts.kvmClock.length > 0 || flags?.includes('hypervisor') === true)
    return true;
  if (sources.some((name) => OF_GUESTS.test(name ?? ''))) return true;
  const dmi = facts.dmi?.name ?? '';
  if (GUEST_DMI.test(dmi)) return true;
  if (METAL_DMI.test(dmi)) return false;
  return flags !== null || facts.kvmHost !== null || facts.shape.kind === 'whole' ? false : null;
}

interface Advice {
  readonly guest?: readonly string[];
  readonly metal?: readonly string[];
  readonly both?: readonly string[];
}

/** Advice by where the kernel runs; if that is not known, each says for whom it is. */
export const advise =
  ({ guest = [], metal = [], both = [] }: Advice) =>
  (c: Context): readonly string[] => {
    const place = isGuest(c);
    const named = (who: string, steps: readonly string[]): string[] =>
      steps.map((step) =>
        place === null ? `${who}: ${step.charAt(0).toLowerCase()}${step.slice(1)}` : step,
      );
    return [
      ...both,
      ...(place === false ? [] : named('If this is a guest', guest)),
      ...(place === true ? [] : named('On a bare machine', metal)),
    ];
  };
