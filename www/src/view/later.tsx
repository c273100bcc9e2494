import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

/** A view whose code is loaded when it is first shown. */
export function later(load: () => Promise<ComponentType>): ComponentType {
  const loaded = signal<ComponentType | null>(null);
  let isLoading = false;
  return function Later() {
    const View = loaded.value;
    if (View) return <View />;
    if (!isLoading) {
      isLoading = true;
      void load().then((view) => (loaded.value = view), () => (isLoading = false));
    }
    return <div class="grid" aria-busy="true" />;
  };
}
