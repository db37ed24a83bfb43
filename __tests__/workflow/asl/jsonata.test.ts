import { expression, isExpression, joined, jsonata, sourceOf } from "../../../workflow/asl/jsonata";
import { evaluate } from "../evaluate";

describe("jsonata", () => {
  it("is marked as Step Functions reads expressions, on one line", () => {
    expect(jsonata`
      $a
        + 1
    `).toBe("{% $a + 1 %}");
  });

  it.each([
    "plain",
    'with "quotes"',
    "a\\b",
    "line\nbreak",
    "$notAVariable",
    0.5,
    true,
    null,
    ["a", 1],
    { a: { b: 2 } },
  ])("makes a literal of %j", async (value) => expect(await evaluate(jsonata`${value}`)).toEqual(value));

  it("lets other expressions stand, alone, in lists and in objects", async () => {
    const sum = jsonata`$x + 1`;
    expect(jsonata`$f(${sum})`).toBe("{% $f($x + 1) %}");
    expect(await evaluate(jsonata`${[sum, "x", { sum }]}`, {}, { x: 2 })).toEqual([3, "x", { sum: 3 }]);
  });

  it("leaves backslashes to JSONata's regular expressions", async () => {
    expect(await evaluate(jsonata`$contains("a7", /^\w\d$/)`)).toBe(true);
  });
});

it("takes names that depend on a value as source", () => {
  expect(expression(`$result.${"Training"}JobName`)).toBe("{% $result.TrainingJobName %}");
});

it("joins expressions", async () => {
  const parts = [jsonata`"a"`, jsonata`$x`, jsonata`${"c"}`];
  expect(await evaluate(joined(parts, ' & "-" & '), {}, { x: "b" })).toBe("a-b-c");
});

it("knows expressions from text", () => {
  expect([jsonata`1`, "text", 1, undefined].map(isExpression)).toEqual([true, false, false, false]);
  expect(sourceOf(jsonata`1 + 1`)).toBe("1 + 1");
});
