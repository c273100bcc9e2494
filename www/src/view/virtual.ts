/** @tanstack/virtual-core, as a hook: which of many rows are to be in the page. */
import { type VirtualItem, Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useRef } from "preact/hooks";

/** Chromium clamps an element at 33,554,428 pixels. */
const TALLEST = 33_000_000;

export interface Rows {
  items: VirtualItem[];
  height: number;
  /** How many rows there is room for. */
  room: number;
  /** Scrolls as little as is needed. */
  scrollTo: (row: number) => void;
  /** Brings a row that is out of view into the middle. */
  show: (row: number) => void;
}

export function useVirtual(count: number, rowHeight: number, scroller: { current: HTMLElement | null }): Rows {
  const [, again] = useReducer<number, void>((turn) => turn + 1, 0);
  const held = useRef<Virtualizer<HTMLElement, HTMLElement> | null>(null);
  const room = Math.min(count, Math.floor(TALLEST / rowHeight));
  const options = {
    count: room,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => again(),
  };
  held.current ??= new Virtualizer<HTMLElement, HTMLElement>(options);
  const virtual = held.current;
  virtual.setOptions(options);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => virtual._willUpdate());
  return {
    items: virtual.getVirtualItems(),
    height: virtual.getTotalSize(),
    room,
    scrollTo: (row) => virtual.scrollToIndex(row, { align: "auto" }),
    show: (row) => {
      const element = scroller.current;
      const [start, seen] = [row * rowHeight, element?.clientHeight ?? 0];
      if (element && (start < element.scrollTop || start + 2 * rowHeight > element.scrollTop + seen)) {
        element.scrollTop = start - seen / 2;
      }
    },
  };
}
