import { signal, effect } from "@preact/signals";
import { call } from "../engine/client.ts";
import type { Why as Answer } from "../engine/api.ts";
import type { SideName } from "../engine/protocol.ts";
import { day, utc } from "../format.ts";
import { SIDES, at, bounds, contextOf, dialog, nameOf, playing, runs, selected, shownReport, stream } from "../state/store.ts";

const answers = { a: signal<Answer | null>(null), b: signal<Answer | null>(null) };

/** Asks for the proof of what is selected, whenever that, the instant or a replay changes; the latest question wins. */
export function keepAsking(): void {
  let turn = 0;
  effect(() => {
    const [item, time] = [selected.value, Math.round(at.value)];
    const ready = SIDES.every((side) => runs[side].value !== null);
    turn += 1;
    const mine = turn;
    if (item === null || !ready) {
      for (const side of SIDES) answers[side].value = null;
      return undefined;
    }
    // While it plays there is no time to read.
    const timer = setTimeout(async () => {
      for (const side of SIDES) {
        const answer = await call((engine) => engine.why(side, item, time)).catch(() => null);
        if (mine === turn) answers[side].value = answer;
      }
    }, playing.peek() ? 250 : 30);
    return () => clearTimeout(timer);
  });
}

export function Why() {
  const view = stream.value;
  const item = selected.value;
  return (
    <section class="card" id="why" tabIndex={-1} aria-labelledby="title-why">
      <header><h2 id="title-why">Why</h2><span class="muted small">on day {day(at.value, bounds.value.from, 2)}</span></header>
      {view && item !== null && item < view.summary.items ? (
        <>
          <p class="mono" data-testid="why-item">{nameOf(view, item)}</p>
          <p class="muted small">{view.kinds[view.items.kind[item]!]} in {contextOf(view, item)}</p>
          {SIDES.map((side) => <Proof key={side} side={side} />)}
        </>
      ) : (
        <p class="muted">Choose an item, in the table or on its lane, to see which report and which rule decided.</p>
      )}
    </section>
  );
}

function Proof({ side }: { side: SideName }) {
  const answer = answers[side].value;
  const { from } = bounds.value;
  if (!answer) return <div class="proof"><p class="muted">…</p></div>;
  const when = (time: number) => `day ${day(time, from)}, ${utc(time)}`;
  const facts: [string, string | null][] = [
    ["last seen", answer.last_seen === null ? null : when(answer.last_seen)],
    ["removed", answer.ended_at === null ? null : when(answer.ended_at)],
    ["expires", answer.expires_at === null ? null : when(answer.expires_at)],
    ["seen again", answer.seen_again_at === null ? null : when(answer.seen_again_at)],
    ["kept with", answer.needs_days === null ? null : `a TTL of ${answer.needs_days} days or more`],
    ["rule", answer.rule === null ? null : `${answer.rule}${answer.reason ? `, ${answer.reason}` : ""}`],
  ];
  return (
    <div class="proof" data-side={side} data-testid={`why-${side}`}>
      <p class={answer.wrong ? "row wrong" : "row"}>
        <span class="badge" aria-hidden="true">{side.toUpperCase()}</span>
        <span>{answer.sentence}</span>
      </p>
      <dl class="facts small">
        {facts.filter(([, value]) => value !== null).map(([name, value]) => (
          <><dt>{name}</dt><dd>{value}</dd></>
        ))}
      </dl>
      <p class="row small">
        <ReportLink report={answer.seen_by} does="saw it last" />
        <ReportLink report={answer.overwritten_by} does="overwrote it" />
      </p>
    </div>
  );
}

/** Opens a report. People count from 1, as the engine's sentences do. */
function ReportLink({ report, does }: { report: number | null; does: string }) {
  if (report === null) return null;
  return (
    <button class="link" onClick={() => { shownReport.value = report; dialog.value = "report"; }}>
      Report {report + 1}, which {does}
    </button>
  );
}
