import { openableEntry } from '../contract/entry.ts';

export const envEntry = openableEntry({
  name: 'env',
  description: 'environment variables of this process',
  settings: {},
  traits: { canWatch: false, selects: 'variable' },
  placesOf: () => ['the environment of this process'],
  async open({ env }) {
    const { envBackend } = await import('./env.ts');
    return envBackend(env);
  },
});
