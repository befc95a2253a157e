/** What kind of text this is: a whole log, an excerpt, or no kernel log at all. */
import type { LogLine } from '../log-lines.ts';
import type { ShellFacts } from '../shell.ts';
import type { LogShape } from './types.ts';

/** Words that only kernel logs hold; needed if there are no stamps. */
const KERNEL_WORDS =
  /^(?:Linux version \d|Command line: |Kernel command line: |BIOS-e820: |ACPI: |clocksource: |tsc: |kvm-clock: |Hypervisor detected: |Switched to clocksource |Marking TSC unstable|No\.\d+, func: |TSC deadline timer|smpboot: |Freeing unused|Clocksource \S+ unstable|e820: |pci 0000:|Calibrating delay loop|Fast TSC calibration|Detected \d+\.\d+ MHz)/;
const USER_SPACE =
  /^Run \S+ as init process|^systemd\[1\]|^Freeing unused (?:kernel|decrypted)|^Write protecting the kernel/;
/** A boot prints far more; an excerpt that happens to begin with the version line stays below. */
const WHOLE_LOG_LINES = 100;
/** An excerpt with fewer messages on clocks could be a random quotation. */
const CLOCK_MESSAGES_THAT_TELL = 2;
/** An excerpt with more of anything else was not made by looking for clocks. */
const OTHER_MESSAGES_LEFT = 3;

export function shapeOf(lines: readonly LogLine[], shell: ShellFacts, omitted: number): LogShape {
  const kernel = lines.filter(
    (l) => !shell.consumed.has(l) && l.text !== '' && (l.stamped || KERNEL_WORDS.test(l.text)),
  );
  const known = kernel.filter((l) => KERNEL_WORDS.test(l.text));
  const first = kernel[0];
  const beginsAtBoot = kernel.slice(0, 5).some((l) => /^Linux version \d/.test(l.text));
  const reachesUserSpace = kernel.some((l) => USER_SPACE.test(l.text));
  const times = kernel.flatMap((l) => (l.timeS === null ? [] : [l.timeS]));
  const whole =
    first !== undefined && beginsAtBoot && reachesUserSpace && lines.length + omitted >= WHOLE_LOG_LINES;

  const tsc = known.filter((l) => /\btsc\b/i.test(l.text));
  const clock = known.filter((l) => /tsc|clocksource|hpet|kvm-clock/i.test(l.text));
  // If a filter is shown, the filter decides; else the company that the messages are in.
  const filtered = shell.commands.some((c) => /grep/.test(c.value));
  const byContent =
    !filtered &&
    tsc.length > 0 &&
    clock.length >= CLOCK_MESSAGES_THAT_TELL &&
    known.length - clock.length <= OTHER_MESSAGES_LEFT;
  return {
    kind: known.length === 0 ? 'none' : whole ? 'whole' : 'excerpt',
    kernelLines: kernel.length,
    beginsAtBoot,
    reachesUserSpace,
    lastS: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
    showsTscMessages: shell.grepForTsc !== null ? 'command' : byContent ? 'content' : null,
  };
}
