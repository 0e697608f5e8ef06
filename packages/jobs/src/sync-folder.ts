import { open } from 'node:fs/promises';
import process from 'node:process';

/**
 * Puts the names in a folder on the disk: those that were given, and that those are gone which were
 * removed. Windows has no such thing to sync. Throws what the system says.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
