import { jsonLanguage } from "@codemirror/lang-json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rangeOf } from "./pointer.ts";

const at = (text: string, pointer: string) => {
  const range = rangeOf(jsonLanguage.parser.parse(text), text, pointer);
  return range && text.slice(range.from, range.to);
};

/** Every pointer of a value, with what it points at. */
function* pointers(value: unknown, path = ""): Generator<[string, unknown]> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    yield* pointers(entry, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  }
}

describe("a pointer", () => {
  it("leads to the value it names", () => {
    const text = '{ "pods": [ {"uid": "a"}, {"uid": "b", "a/b": 7} ] }';
    expect(at(text, "/pods/1/uid")).toBe('"b"');
    expect(at(text, "/pods/1/a~1b")).toBe("7");
    expect(at(text, "")).toBe(text);
  });

  it("to what is missing leads to what is around it", () => {
    expect(at('{"pods": [ {"uid": "a"} ]}', "/pods/0/name")).toBe('{"uid": "a"}');
    expect(at('{"pods": 1', "/nodes")).toBe('{"pods": 1');
  });

  it("leads to the right value of any JSON", () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(0, 1), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const plain: unknown = JSON.parse(text);
      for (const [pointer, part] of pointers(plain)) expect(JSON.parse(at(text, pointer)!)).toEqual(part);
    }));
  });
});
