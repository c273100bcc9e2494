import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

/** A view whose code is loaded when it is first shown; `room` is the class of what keeps its place until then. */
export function later(load: () => Promise<ComponentType>, room = "grid"): ComponentType {
  const loaded = signal<ComponentType | null>(null);
  let isLoading = false;
  return function Later() {
    const View = loaded.value;
    if (View) return <View />;
    if (!isLoading) {
      isLoading = true;
      void load().then((view) => (loaded.value = view), () => (isLoading = false));
    }
    return <div class={room} aria-busy="true" />;
  };
}
