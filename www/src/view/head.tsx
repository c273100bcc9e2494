import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

/** By what rows are ordered. */
export interface Order<By> {
  by: By;
  isDown: boolean;
}

interface HeadProps<By> {
  order: Signal<Order<By>>;
  by: By;
  title: string;
  class?: string;
  children: ComponentChildren;
}

/** The head of a column that rows can be ordered by; a second time the other way round. */
export function Head<By>({ order, by, title, class: name, children }: HeadProps<By>) {
  const { by: now, isDown } = order.value;
  const isNow = now === by;
  return (
    <div role="columnheader" class={name} aria-sort={!isNow ? "none" : isDown ? "descending" : "ascending"}>
      <button title={title} onClick={() => (order.value = { by, isDown: isNow && !isDown })}>
        {children}{isNow ? <span aria-hidden="true">{isDown ? "↓" : "↑"}</span> : null}
      </button>
    </div>
  );
}
