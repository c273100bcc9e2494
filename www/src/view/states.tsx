import { useEffect, useRef } from "preact/hooks";
import { engineState, silent } from "../engine/client.ts";
import { placeInYaml } from "../files/yaml.ts";
import { discard, restart } from "../state/session.ts";
import { draft, problem, shownFile, source, stream, tab, textsOf } from "../state/store.ts";

/** What to say, in the place of everything else, while there is nothing to show. */
export function Instead() {
  const engine = engineState.value;
  if (engine.is === "missing") {
    return (
      <main class="card halt stackup">
        <h2>The engine does not run here</h2>
        <p role="alert">{engine.reason}</p>
        <p>The same engine answers on the command line, with the same history and settings:</p>
        <p><code>keepset simulate --history FOLDER --image-ttl-days 3</code></p>
        <p><button onClick={() => void restart()}>Try again</button></p>
      </main>
    );
  }
  if (engine.is === "crashed" && !stream.value) {
    return <main class="card halt stackup"><h2>The engine stopped</h2><Crash /></main>;
  }
  if (problem.value) return <main class="card halt stackup"><h2>This cannot be read</h2><Problem /></main>;
  return <main class="frame" aria-busy="true"><Bones /></main>;
}

/** The page's outline, in its size, so that nothing jumps when it is filled. */
function Bones() {
  const bone = (height: number) => <div class="card bone" style={{ height: `${height}px` }} />;
  return (
    <>
      <div class="side">{bone(184)}{bone(184)}{bone(150)}</div>
      <div class="main"><p class="hidden" role="status">Starting the engine</p><div class="verdicts">{bone(132)}{bone(132)}</div>{bone(720)}</div>
    </>
  );
}

/** Why the input was refused; below it the last good answer stays. */
export function Problem() {
  const found = problem.value;
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Whoever is typing sees it in the text.
    if (!document.activeElement?.closest(".editor")) element.current?.scrollIntoView({ block: "nearest" });
  }, [found]);
  if (!found) return null;
  const from = draft.value ?? source.value;
  const texts = from ? textsOf(from) : [];
  const file = texts.findIndex(({ name }) => name === found.file);
  const inYaml = file < 0 ? null : placeInYaml(texts[file]!, found);
  const place = [
    inYaml ?? found.file,
    inYaml || found.line === undefined ? null : `line ${found.line}${found.column === undefined ? "" : `, column ${found.column}`}`,
    found.pointer ? `at ${found.pointer}` : null,
  ].filter(Boolean).join(", ");
  const showText = () => {
    shownFile.value = Math.max(0, file);
    tab.value = "data";
  };
  return (
    <div class="problem stackup" role="alert" data-testid="problem" ref={element}>
      <p><strong>{found.message}</strong></p>
      <p class="small">{place ? `${place}. ` : ""}<code>{found.code}</code>
        {stream.value ? " · What is shown is still the last history that could be read." : ""}
      </p>
      {stream.value ? (
        <p class="row">
          {tab.value === "data" ? null : <button onClick={showText}>Show the text</button>}
          <button onClick={discard}>Discard it</button>
        </p>
      ) : null}
    </div>
  );
}

/** A strip above the page when the engine stopped, or may have. */
export function Crash() {
  const engine = engineState.value;
  if (engine.is === "crashed") {
    return <div class="notice" data-is="error" role="alert"><span>The engine stopped: {engine.reason}. Your settings and data are kept.</span><button onClick={() => void restart()}>Start it again</button></div>;
  }
  if (!silent.value) return null;
  return (
    <div class="notice" data-is="error" role="alert">
      <span>The engine has not answered for some seconds: it may be at work still, or it may have stopped.</span>
      <button onClick={() => void restart()}>Start it again</button>
    </div>
  );
}
