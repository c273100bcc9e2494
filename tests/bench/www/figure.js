// A figure beside its aim.

/** `measured` is to be at most `aim`. */
export function atMost(what, measured, aim, { unit = "", digits = 0, note = "" } = {}) {
  return figure(what, measured, `at most ${aim}`, measured <= aim, { unit, digits, note });
}

/** `measured` is to be at least `aim`. */
export function atLeast(what, measured, aim, { unit = "", digits = 0, note = "" } = {}) {
  return figure(what, measured, `at least ${aim}`, measured >= aim, { unit, digits, note });
}

/** One without an aim. */
export function told(what, measured, { unit = "", digits = 0 } = {}) {
  return [what, written(measured, unit, digits), "", ""];
}

function figure(what, measured, aim, isReached, { unit, digits, note }) {
  const limit = `${aim}${unit && ` ${unit}`}${note && ` ${note}`}`;
  return [what, written(measured, unit, digits), limit, isReached ? "yes" : "**no**"];
}

const written = (measured, unit, digits) => `${measured.toFixed(digits)}${unit && ` ${unit}`}`;

/** A Markdown table of figures. */
export function table(figures) {
  const lines = [["figure", "measured", "aim", "reached"], ["---", "---", "---", "---"], ...figures];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
