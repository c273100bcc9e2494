import { expect, it } from "vitest";
import { jsonOf, placeInYaml } from "./yaml.ts";

const problem = (pointer: string, line = 1) => ({ code: "invalid_document", message: "", pointer, line });

it("what is refused in YAML is found in it: the value, or what is around it", async () => {
  const file = await jsonOf("a.yaml", "# A comment\nname: bug\nsteps:\n  - now: 2026\n    'a/b': [1, two]\n");
  expect(JSON.parse(file.text)).toEqual({ name: "bug", steps: [{ now: 2026, "a/b": [1, "two"] }] });
  expect(placeInYaml(file, problem("/steps/0/now"))).toBe("a.yaml, line 4, column 10");
  expect(placeInYaml(file, problem("/steps/0/a~1b/1"))).toBe("a.yaml, line 5, column 16");
  expect(placeInYaml(file, problem("/steps/0/missing/0"))).toBe("a.yaml, line 4, column 5");
  expect(placeInYaml({ ...file }, problem("/name"))).toBe(null);
});

it("of several documents it is the one that the engine was at", async () => {
  const file = await jsonOf("a.yaml", "name: one\n---\nname: two\n");
  expect(file.text.split("\n").map((line) => JSON.parse(line))).toEqual([{ name: "one" }, { name: "two" }]);
  expect(placeInYaml(file, problem("/name", 2))).toBe("a.yaml, line 3, column 7");
});
