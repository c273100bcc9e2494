import type { SideName } from "../engine/protocol.ts";
import { duration, ttl } from "../format.ts";
import { setConfig, setMargin, swap, takeB } from "../state/session.ts";
import { SIDES, configProblem, configs, curve, margin, nameOf, safe, stream } from "../state/store.ts";
import { TOO_FEW } from "../verdict.ts";
import { later } from "./later.tsx";
import { goToItem } from "./walk.ts";

const Faults = later(() => import("./faults.tsx").then((module) => module.Faults), "card");

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
  const setDays = (text: string) => {
    if (text === "") configProblem[side].value = `Days are missing: 0 to 36500, 0 for ever. The verdict is that of ${ttl(config.image_ttl_days)}.`;
    else setConfig(side, { image_ttl_days: Number(text) }, "ttl");
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
          onInput={(event) => setDays(event.currentTarget.value)}
          onBlur={({ currentTarget: input }) => {
            if (input.value !== "") return;
            input.value = String(config.image_ttl_days);
            configProblem[side].value = null;
          }}
        />
      </div>
      <input
        type="range" min="0" max={reach} step="1" value={config.image_ttl_days} aria-label={`TTL of ${letter}, days`}
        aria-valuetext={ttl(config.image_ttl_days)}
        onInput={(event) => setDays(event.currentTarget.value)}
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
  const view = stream.value;
  const [a, b] = [safe.a.value, safe.b.value];
  const isOne = !a || !b || (a.days === b.days && a.item === b.item);
  return (
    <section class="card stackup" aria-labelledby="title-safe">
      <div class="row">
        <h2 id="title-safe">Smallest safe TTL</h2>
        <label class="push row small muted">
          margin
          <input type="number" class="short" min="0" max="365" value={margin.value} aria-label="Margin in days"
            onInput={(event) => {
              const days = Math.floor(Number(event.currentTarget.value));
              if (days >= 0) setMargin(days);
            }} />
          d
        </label>
      </div>
      {isOne ? <p class="number">{a ? ttl(a.days) : "–"}</p> : (
        <p class="row"><span class="number">{a.days}</span> <span class="muted">in A,</span> <span class="number">{b.days}</span> <span class="muted">days in B</span></p>
      )}
      <div class="two">
        {SIDES.map((side) => {
          const answer = safe[side].value;
          const isOff = !answer || answer.days === configs[side].value.image_ttl_days;
          return (
            <button key={side} aria-disabled={isOff} onClick={() => isOff || setConfig(side, { image_ttl_days: answer.days }, "safe")}>
              Use in {side.toUpperCase()}
            </button>
          );
        })}
      </div>
      {view && !a ? <p class="muted small">{TOO_FEW}</p> : null}
      {a ? (
        <p class="muted small">
          The longest gap between two sightings of one item is {duration(a.gap_seconds)}
          {a.item !== null && view ? (
            <>
              {" "}(<button class="link small" onClick={() => goToItem(a.item!)}>{nameOf(view, a.item)}</button>)
            </>
          ) : null}. This TTL survives outages up to {duration(a.survives_seconds)}.
        </p>
      ) : null}
    </section>
  );
}
