import { writeFile } from 'node:fs/promises';

/** Starts a CPU profile; the returned function ends it and writes the file, which browsers can show. */
export async function startProfile(file: string): Promise<() => Promise<void>> {
  const { Session } = await import('node:inspector/promises');
  await writeFile(file, ''); // a path that cannot be written is an error now, not after the run
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
