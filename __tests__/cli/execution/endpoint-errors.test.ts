import { Tracebacks } from "../../../cli/execution/endpoint-errors";

const traceback = [
  "Traceback (most recent call last):",
  '  File "/opt/ml/code/serve.py", line 18, in predict_fn',
  "    return model.predict(data)",
  "ValueError: X has 3 features",
];

it("finds tracebacks between other lines, whole ones only, however the lines come", () => {
  const tracebacks = new Tracebacks();
  expect(tracebacks.add(["starting", ...traceback, "GET /ping 200", ...traceback.slice(0, 2)])).toEqual([
    traceback,
  ]);
  expect(tracebacks.add(traceback.slice(2, 3))).toEqual([]);
  expect(tracebacks.add(traceback.slice(3))).toEqual([traceback]);
  expect(tracebacks.add(["GET /ping 200"])).toEqual([]);
});
