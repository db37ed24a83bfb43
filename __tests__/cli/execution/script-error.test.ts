import { placeInScript, scriptError } from "../../../cli/execution/script-error";
import { workflowProps } from "../../../configuration";

const files = ["fit.py", "models/forest.py", "forest.py"];
const at = (...lines: string[]) => scriptError(lines, "wine/training", files);

describe("scriptError", () => {
  it("names the innermost line of the script's own files, and the exception", () => {
    expect(
      at(
        "Traceback (most recent call last):",
        '  File "/opt/ml/code/fit.py", line 12, in <module>',
        "    main()",
        '  File "/opt/ml/code/models/forest.py", line 30, in fit',
        "    model.fit(X)",
        "    ~~~~~~~~~^^^",
        '  File "/usr/lib/python3.9/site-packages/sklearn/forest.py", line 99, in fit',
        "    raise ValueError(text)",
        "ValueError: X has no rows",
        "more output",
      ),
    ).toBe("wine/training/models/forest.py:30: ValueError: X has no rows");
  });

  it("names a syntax error, which has no traceback", () => {
    expect(
      at('  File "/opt/ml/processing/input/code/fit.py", line 3', "    x = (", "SyntaxError: never closed"),
    ).toBe("wine/training/fit.py:3: SyntaxError: never closed");
  });

  it("names the last exception of several", () => {
    const frame = (line: number) => `  File "/opt/ml/code/fit.py", line ${line}, in <module>`;
    expect(
      at(
        frame(1),
        "KeyError: 'a'",
        "",
        "During handling of the above exception:",
        "",
        frame(7),
        "TypeError: b",
      ),
    ).toBe("wine/training/fit.py:7: TypeError: b");
  });

  it("says the place alone where the log ends, and nothing where there is no frame of the script", () => {
    expect(at('  File "/opt/ml/code/fit.py", line 1, in <module>')).toBe("wine/training/fit.py:1");
    expect(at("Killed")).toBeUndefined();
    expect(at('  File "/opt/ml/code/other.py", line 1, in <module>', "KeyError: 'a'")).toBeUndefined();
  });
});

describe("placeInScript", () => {
  const lines = ['  File "/opt/ml/code/inference.py", line 4, in predict_fn', "KeyError: 'a'"];
  const props = workflowProps("local");

  it("is in the folder of the workflow's own script", () => {
    expect(placeInScript(lines, props, "inference")).toBe("python/scripts/inference.py:4: KeyError: 'a'");
  });

  it("is nothing where the workflow has no such script, or its folder has gone", () => {
    expect(placeInScript(lines, props, "comparison")).toBeUndefined();
    const gone = { ...props, inference: { folder: "gone", entryPoint: "inference.py" } };
    expect(placeInScript(lines, gone, "inference")).toBeUndefined();
    expect(placeInScript(lines, undefined, "inference")).toBeUndefined();
  });
});
