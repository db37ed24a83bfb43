import { until } from "./patience";

afterEach(() => jest.restoreAllMocks());

it("gives what is found, once it is there", async () => {
  const answers = [undefined, 0, "", "there"];
  await expect(until(() => answers.shift())).resolves.toBe("there");
});

it("looks on until its limit, and says then what is missing", async () => {
  const now = jest.spyOn(Date, "now").mockReturnValue(0);
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks === 2) now.mockReturnValue(10 ** 9);
    return false;
  };
  await expect(until(look, () => ({ seen: looks }))).rejects.toThrow(/did not come within .* \{"seen":2\}/);
});

it("hears at once of a look that fails", async () => {
  await expect(until(() => Promise.reject(new Error("no such endpoint")))).rejects.toThrow(
    "no such endpoint",
  );
});

it.each([
  [undefined, 1],
  ["4", 4],
])("is longer by the factor of the variable %s", (value, factor) => {
  const before = process.env.WORKFLOW_TEST_PATIENCE;
  if (value === undefined) delete process.env.WORKFLOW_TEST_PATIENCE;
  else process.env.WORKFLOW_TEST_PATIENCE = value;
  try {
    jest.isolateModules(() => {
      expect(require("./patience").patience).toBe(factor);
    });
  } finally {
    if (before === undefined) delete process.env.WORKFLOW_TEST_PATIENCE;
    else process.env.WORKFLOW_TEST_PATIENCE = before;
  }
});
