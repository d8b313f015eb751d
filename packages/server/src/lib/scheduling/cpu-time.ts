/**
 * The CPU time that the process has used, in milliseconds. Unlike a clock's, its differences don't grow when the machine has
 * other things to do. A call takes less than a microsecond. The time of one thread would be closer, but the system updates it
 * only every few milliseconds.
 */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
