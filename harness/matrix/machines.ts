/** QEMU machine types. A cell must name one exactly: unversioned names mean another machine in the next QEMU. */

const PINNED: Readonly<Record<string, string>> = { pc: 'pc-i440fx-7.2', q35: 'pc-q35-7.2' };

/** The versioned name that `pc` and `q35` stand for; any other name is itself. */
export function pinnedMachine(name: string): string {
  return Object.hasOwn(PINNED, name) ? (PINNED[name] ?? name) : name;
}

/** Why a machine type is refused, or undefined. */
export function machineFault(name: string): string | undefined {
  if (name.startsWith('microvm')) {
    return 'microvm has neither HPET nor PM timer, which would decide the result by itself: use pc or q35 with hpet and pmtimer off';
  }
  if (Object.hasOwn(PINNED, name)) return undefined;
  if (!/^[a-z0-9][a-z0-9_.-]*$/.test(name))
    return 'must be the name of a machine type (qemu-system-x86_64 -machine help)';
  if (!/-[0-9]+\.[0-9]+(\.[0-9]+)?$/.test(name)) {
    return `must be a versioned machine type such as ${PINNED.pc} or ${PINNED.q35}, or pc or q35, which stand for these`;
  }
  return undefined;
}
