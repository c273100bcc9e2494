import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Fault } from "../engine/api.ts";
import { DAY } from "../format.ts";
import { setFaults } from "../state/session.ts";
import { at, bounds, faults, stream } from "../state/store.ts";

const NAMES: Record<Fault["kind"], string> = {
  outage: "Agent outage",
  drop_batch: "A batch is lost",
  delete_namespace: "Namespace deleted",
  exclude_namespace: "Namespace excluded",
  empty_namespace: "Namespace emptied",
  clock_skew: "Clock is wrong",
};

const kind = signal<Fault["kind"]>("outage");

export function Faults() {
  const view = stream.value;
  const add = useRef<HTMLButtonElement>(null);
  return (
    <section class="card stackup" aria-labelledby="title-faults">
      <div class="row">
        <h2 id="title-faults">Faults</h2>
        <span class="fault-kind push">
          <select aria-label="Kind of fault" value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value as Fault["kind"])}>
            {Object.entries(NAMES).map(([id, name]) => <option key={id} value={id}>{name}</option>)}
          </select>
          <button
            ref={add} aria-label="Add a fault" disabled={!view}
            onClick={() => setFaults([...faults.value, fresh(kind.value, view?.summary.contexts[0] ?? "")], "add fault")}
          >
            Add
          </button>
        </span>
      </div>
      {faults.value.length === 0 ? (
        <p class="muted small">What if an agent went silent here? Faults change the history before both configurations see it.</p>
      ) : (
        <ul>
          {faults.value.map((fault, index) => (
            <li key={`${index} ${fault.kind}`}>
              <Row fault={fault} contexts={view?.summary.contexts ?? []}
                onChange={(next) => setFaults(faults.value.map((old, place) => (place === index ? next : old)), `fault ${index}`)}
                onRemove={() => {
                  setFaults(faults.value.filter((_, place) => place !== index), "remove fault");
                  add.current?.focus();
                }} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A fault as it is added: where the reader looks. */
function fresh(kind: Fault["kind"], context: string): Fault {
  const { from, to } = bounds.value;
  const start = Math.round(Math.min(Math.max(from, at.value), to - DAY));
  const end = Math.min(start + 5 * DAY, to);
  switch (kind) {
    case "outage": return { kind, from: start, to: end };
    case "drop_batch": return { kind, from: start, to: end, batch: 2, of: 5 };
    case "clock_skew": return { kind, from: start, to: end, seconds: -7200 };
    case "delete_namespace":
    case "exclude_namespace": return { kind, at: start, context };
    case "empty_namespace": return { kind, at: start, context, listed: true };
  }
}

interface RowProps {
  fault: Fault;
  contexts: string[];
  onChange: (next: Fault) => void;
  onRemove: () => void;
}

function Row({ fault, contexts, onChange, onRemove }: RowProps) {
  const { from } = bounds.value;
  const days = (label: string, seconds: number, set: (seconds: number) => void) => (
    <label>
      {label}
      <input type="number" step="0.5" value={Math.round((seconds / DAY) * 100) / 100}
        onChange={(event) => set(Math.round(Number(event.currentTarget.value) * DAY))} />
    </label>
  );
  return (
    <div class="fault">
      <div class="row">
        <h3>{NAMES[fault.kind]}</h3>
        <button class="plain tiny push" aria-label={`Remove: ${NAMES[fault.kind]}`} onClick={onRemove}>Remove</button>
      </div>
      <div class="fields small">
        {"from" in fault ? (
          <>
            {days("from day", fault.from - from, (value) => onChange({ ...fault, from: from + value, to: from + value + fault.to - fault.from }))}
            {days("for days", fault.to - fault.from, (value) => onChange({ ...fault, to: fault.from + Math.max(0, value) }))}
          </>
        ) : (
          days("on day", fault.at - from, (value) => onChange({ ...fault, at: from + value }))
        )}
        {fault.kind === "drop_batch" ? (
          <>
            <label>batch <input type="number" min="1" max={fault.of} value={fault.batch} onChange={(event) => onChange({ ...fault, batch: Number(event.currentTarget.value) })} /></label>
            <label>of <input type="number" min="1" value={fault.of} onChange={(event) => onChange({ ...fault, of: Number(event.currentTarget.value) })} /></label>
          </>
        ) : null}
        {fault.kind === "clock_skew" ? (
          <label>seconds <input type="number" value={fault.seconds} onChange={(event) => onChange({ ...fault, seconds: Math.round(Number(event.currentTarget.value)) })} /></label>
        ) : null}
        {"context" in fault ? (
          <select aria-label="Namespace" value={fault.context} onChange={(event) => onChange({ ...fault, context: event.currentTarget.value })}>
            {contexts.map((context) => <option key={context} value={context}>{context}</option>)}
          </select>
        ) : null}
        {fault.kind === "empty_namespace" ? (
          <label><input type="checkbox" checked={fault.listed} onChange={(event) => onChange({ ...fault, listed: event.currentTarget.checked })} /> still listed</label>
        ) : null}
      </div>
    </div>
  );
}
