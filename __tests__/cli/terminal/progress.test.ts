import { interruption, TaskList } from "../../../cli/terminal/progress";

const silent = { silent: true };

it("hands what a task returns to those after it, and to who runs the list", async () => {
  const tasks = new TaskList();
  const first = tasks.add("first", async () => 20);
  const second = tasks.add("second", async () => first.value + 1);
  await tasks.run(silent);
  expect([first.value, second.ifAny]).toEqual([20, 21]);
});

it("decides whether a task is skipped by what those before it returned", async () => {
  const tasks = new TaskList();
  const found = tasks.add("look", async () => undefined as string | undefined);
  const skipped = tasks.add("use", async () => "used", { skip: () => found.value === undefined });
  await tasks.run(silent);
  expect(skipped.ifAny).toBeUndefined();
  expect(() => skipped.value).toThrow('The task "use" has not returned a value');
});

it("ends with the first error: what was returned before stays, and nothing runs after", async () => {
  const tasks = new TaskList();
  const made = tasks.add("make", async () => "made");
  const failed = tasks.add("fail", () => Promise.reject(new Error("no")));
  const later = tasks.add("later", async () => "never");
  await expect(tasks.run(silent)).rejects.toThrow("no");
  expect([made.ifAny, failed.ifAny, later.ifAny]).toEqual(["made", undefined, undefined]);
});

describe("an interruption", () => {
  it("is one Ctrl-C, though npm passes it on a second time; another one ends the process", () => {
    const now = jest.spyOn(Date, "now").mockReturnValue(1000);
    const kill = jest.spyOn(process, "kill").mockReturnValue(true);
    const before = process.listeners("SIGINT");
    const signal = interruption();
    process.emit("SIGINT");
    process.emit("SIGINT");
    expect([signal.aborted, kill.mock.calls]).toEqual([true, []]);
    now.mockReturnValue(3000);
    process.emit("SIGINT");
    expect(kill.mock.calls).toEqual([[process.pid, "SIGINT"]]);
    // The signal ends the process, because nothing handles it any more.
    expect(process.listeners("SIGINT")).toEqual(before);
  });
});
