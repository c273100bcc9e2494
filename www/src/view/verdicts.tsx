import type { SideName } from "../engine/protocol.ts";
import { count, day, duration, settings, ttl, utc } from "../format.ts";
import { setConfig } from "../state/session.ts";
import { bounds, configs, runs, safe, stream } from "../state/store.ts";
import { TOO_FEW, headlineOf } from "../verdict.ts";
import { goToFirst } from "./walk.ts";

export function Verdicts() {
  return (
    <section class="verdicts" aria-label="Verdicts">
      <Verdict side="a" />
      <Verdict side="b" />
    </section>
  );
}

function Verdict({ side }: { side: SideName }) {
  const [view, run] = [stream.value, runs[side].value];
  const letter = side.toUpperCase();
  if (!view || !run) return <div class="card verdict" data-side={side}><span class="bone">&nbsp;</span></div>;
  const { verdict, config } = run;
  const harm = verdict.wrong_items > 0;
  const headline = headlineOf(view.summary, run);
  const safest = safe[side].value;
  const isAdvised = harm && verdict.wrong_by_ttl > 0 && safest !== null && safest.days !== configs[side].value.image_ttl_days;
  return (
    <article class="card verdict" data-side={side} data-harm={harm} tabIndex={-1} aria-label={`Verdict of ${letter}`}>
      <p class="row small muted">
        <span class="badge" aria-hidden="true">{letter}</span>
        {settings(config)}
      </p>
      <p class={`headline ${headline.is}`} data-testid={`headline-${side}`}><span aria-hidden="true">{headline.mark}</span> {headline.text}</p>
      {view.summary.items === 0 ? <p>No item was reported: drop reports, or choose a scenario.</p> : <p>
        {verdict.first_wrong_at === null ? null : (
          <>{cause(verdict.wrong_by_ttl, verdict.wrong_by_overwrite)} First on day {day(verdict.first_wrong_at, bounds.value.from)}, {utc(verdict.first_wrong_at)}. </>
        )}
        {!safest ? `${TOO_FEW} ` : verdict.survives_seconds === null ? null : <>Survives outages up to {duration(verdict.survives_seconds)}. </>}
        At the end {count(verdict.active_at_end)} kept, {count(verdict.stale_at_end)} of them unseen for more than a day.
        {verdict.stale_item_days >= 1 ? ` Gone items stay listed for ${count(verdict.stale_item_days)} item-days in all.` : null}
      </p>}
      {harm ? (
        <p class="actions">
          {isAdvised ? (
            <button
              class="primary"
              onClick={(event) => {
                setConfig(side, { image_ttl_days: safest.days }, "safe");
                // The button goes with the harm.
                event.currentTarget.closest("article")?.focus();
              }}
            >
              Use the smallest safe TTL: {ttl(safest.days)}
            </button>
          ) : null}
          <button onClick={() => goToFirst(side)}>Show the first</button>
        </p>
      ) : null}
    </article>
  );
}

/** Which of the two settings did it. */
function cause(byTtl: number, byOverwrite: number): string {
  if (byOverwrite === 0) return "The TTL is shorter than a silence.";
  if (byTtl === 0) return "Overwrite removed what a report left out.";
  return `${count(byTtl)} by the TTL, ${count(byOverwrite)} by overwrite.`;
}
