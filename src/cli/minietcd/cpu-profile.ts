import { writeFile } from 'node:fs/promises';

/** Starts a CPU profile; the function that it gives back ends it and writes the file, which browsers show. */
export async function startProfile(file: string): Promise<() => Promise<void>> {
  const { Session } = await import('node:inspector/promises');
  await writeFile(file, ''); // a path that cannot be written is told now, not after the run
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    await writeFile(file, JSON.stringify(profile));
    session.disconnect();
  };
}
