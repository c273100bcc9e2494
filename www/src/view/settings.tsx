import type { SideName } from "../engine/protocol.ts";
import { duration, ttl } from "../format.ts";
import { setConfig, setMargin, swap, takeB } from "../state/session.ts";
import { at, configProblem, configs, curve, margin, safe, selected, shown, stream, nameOf } from "../state/store.ts";
import { Faults } from "./faults.tsx";

export function Settings() {
  return (
    <>
      <Configuration side="a" />
      <Configuration side="b" />
      <div class="two">
        <button onClick={swap}>Swap A and B</button>
        <button onClick={takeB} title="Set A to what B is">A := B</button>
      </div>
      <SafeTtl />
      <Faults />
    </>
  );
}

function Configuration({ side }: { side: SideName }) {
  const config = configs[side].value;
  const letter = side.toUpperCase();
  const reach = Math.max((curve.value?.wrong.length ?? 31) - 1, config.image_ttl_days);
  const refused = configProblem[side].value;
  const setDays = (text: string, kind: string) => {
    const days = Number(text);
    if (text.trim() !== "" && Number.isFinite(days)) setConfig(side, { image_ttl_days: days }, kind);
  };
  return (
    <section class="card config stackup" data-side={side} aria-labelledby={`title-${side}`}>
      <div class="row">
        <span class="badge" aria-hidden="true">{letter}</span>
        <h2 id={`title-${side}`}>Configuration {letter}</h2>
      </div>
      <div class="field">
        <label for={`ttl-${side}`}>TTL, days</label>
        <input
          id={`ttl-${side}`} type="number" min="0" max="36500" step="1" value={config.image_ttl_days}
          aria-invalid={refused !== null} aria-describedby={`means-${side}`}
          onInput={(event) => setDays(event.currentTarget.value, "ttl")}
        />
      </div>
      <input
        type="range" min="0" max={reach} step="1" value={config.image_ttl_days} aria-label={`TTL of ${letter}, days`}
        aria-valuetext={ttl(config.image_ttl_days)}
        onInput={(event) => setDays(event.currentTarget.value, "ttl")}
      />
      <div class="field">
        <label for={`overwrite-${side}`}>Overwrite on report</label>
        <input
          id={`overwrite-${side}`} type="checkbox" checked={config.image_ingest_overwrite}
          onChange={(event) => setConfig(side, { image_ingest_overwrite: event.currentTarget.checked }, "overwrite")}
        />
      </div>
      <p id={`means-${side}`} class={refused ? "wrong small" : "muted small"}>
        {refused ?? meaning(config.image_ttl_days, config.image_ingest_overwrite)}
      </p>
    </section>
  );
}

/** The two settings in a sentence, as the documentation has it. */
function meaning(days: number, overwrites: boolean): string {
  const expiry = days === 0 ? "The TTL removes nothing" : `Removed when not reported for more than ${ttl(days)}`;
  return overwrites ? `${expiry}; each report replaces what it covers.` : `${expiry}.`;
}

function SafeTtl() {
  const answer = safe.value;
  const view = stream.value;
  return (
    <section class="card stackup" aria-labelledby="title-safe">
      <h2 id="title-safe">Smallest safe TTL</h2>
      <div class="row">
        <span class="number">{answer ? ttl(answer.days) : "–"}</span>
        <label class="push row small muted">
          margin
          <input type="number" min="0" max="365" value={margin.value} aria-label="Margin in days"
            onInput={(event) => {
              const days = Math.floor(Number(event.currentTarget.value));
              if (days >= 0) setMargin(days);
            }} />
          d
        </label>
      </div>
      <div class="two">
        <button disabled={!answer} onClick={() => answer && setConfig("a", { image_ttl_days: answer.days }, "safe")}>Use in A</button>
        <button disabled={!answer} onClick={() => answer && setConfig("b", { image_ttl_days: answer.days }, "safe")}>Use in B</button>
      </div>
      {answer ? (
        <p class="muted small">
          The longest gap between two sightings of one item is {duration(answer.gap_seconds)}
          {answer.item !== null && view ? (
            <>
              {" "}(<button class="link small" onClick={() => {
                shown.value = "all";
                selected.value = answer.item;
                at.value = at.peek();
              }}>{nameOf(view, answer.item)}</button>)
            </>
          ) : null}. It survives outages up to {duration(answer.survives_seconds)}.
        </p>
      ) : null}
    </section>
  );
}
