/** What this browser keeps of the page: nothing that was not asked for. */

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // A browser that keeps nothing.
    return null;
  }
}

/** Keeps a text, or with null nothing any more. False if the browser does not. */
export function keep(key: string, text: string | null): boolean {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}
