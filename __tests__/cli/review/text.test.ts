import { longestComment, markdown, plainText, type Section, value, values } from "../../../cli/review/text";
import { differences, isMarked, shortPair } from "../../../cli/review/values";

const section = (...lines: Section["lines"]): Section => ({ title: ["Title"], lines });

describe("markdown", () => {
  it("shows values from elsewhere as they are, whatever they hold", () => {
    const line = { spans: [value("<b>@me</b> `a` ``b``\n| #1"), " *x*"] };
    expect(markdown([section(line)])).toBe("## Title\n\n- ```<b>@me</b> `a` ``b`` | #1``` \\*x\\*\n");
  });

  it("leaves out characters that a terminal would obey", () => {
    expect(plainText([section({ spans: [value("a\u001b[2Jb")] })])).toBe("Title\n  - a[2Jb");
  });

  it("keeps backticks at the ends apart from the fence", () => {
    expect(markdown([section({ spans: [value("`a`")] })])).toContain("- `` `a` ``\n");
  });

  it("nests lines", () => {
    const nested = section({ spans: ["a"], lines: [{ spans: ["b"] }] });
    expect(markdown([nested])).toContain("- a\n  - b\n");
    expect(plainText([nested])).toBe("Title\n  - a\n    - b");
  });

  it("cuts what comes last, at a line's end, and says how much", () => {
    const lines = Array.from({ length: 5000 }, (_, i) => ({ spans: [value(`resource ${i}`)] }));
    const text = markdown([section({ spans: ["first"] }), section(...lines)]);
    expect(text.length).toBeLessThanOrEqual(longestComment);
    expect(text.length).toBeGreaterThan(longestComment - 500);
    expect(text).toContain("- first\n");
    const shown = text.match(/resource \d+`$/gm)?.length ?? 0;
    expect(text).toContain(`… ${5000 - shown} more lines do not fit`);
  });
});

it("puts commas between values", () => {
  expect(values(["a", "b"])).toEqual([{ value: "a" }, ", ", { value: "b" }]);
});

it.each([
  [true, true],
  [{ environment: [{ variables: { TOKEN: true } }] }, true],
  [{ environment: [{ variables: {} }] }, false],
  [{ other: true }, false],
  [false, false],
  [undefined, false],
])("reads Terraform's marks %j", (marks, marked) => {
  expect(isMarked(marks, "environment")).toBe(marked);
});

describe("shortPair", () => {
  it("cuts long texts down to where they differ", () => {
    const long = (x: string) => `${"a".repeat(200)}${x}${"b".repeat(200)}`;
    const [before, after] = shortPair(long("1"), long("2"));
    expect(before).toBe(`…${"a".repeat(24)}1${"b".repeat(24)}…`);
    expect(after).toBe(`…${"a".repeat(24)}2${"b".repeat(24)}…`);
  });

  it("leaves short texts whole", () => {
    expect(shortPair("ml.m5.large", "ml.m5.xlarge")).toEqual(["ml.m5.large", "ml.m5.xlarge"]);
  });

  it("keeps a long difference in bounds", () => {
    expect(shortPair("x", "y".repeat(1000))[1].length).toBeLessThan(210);
  });
});

describe("differences", () => {
  it("names each place", () => {
    const before = { a: { b: [{ c: 1 }, { c: 2 }] }, gone: true };
    const after = { a: { b: [{ c: 1 }, { c: 3 }] }, added: true };
    expect(differences(before, after)).toEqual([
      { path: "a.b[1].c", before: 2, after: 3 },
      { path: "gone", before: true },
      { path: "added", after: true },
    ]);
  });

  it("shows of lists of unlike lengths what came and went", () => {
    expect(differences({ l: [1, 2] }, { l: [2, 3, 4] })).toEqual([{ path: "l", before: [1], after: [3, 4] }]);
  });
});
