/** CPU time of this process while something is computed, ms: on a busy machine it says what wall time does not. */
export function cpuMs(compute: () => unknown): number {
  const before = process.cpuUsage();
  compute();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
