/** CPU time of this thread while something is computed, ms: on a busy machine it says what wall time does not. */
export function cpuMs(compute: () => unknown): number {
  const before = process.threadCpuUsage();
  compute();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
