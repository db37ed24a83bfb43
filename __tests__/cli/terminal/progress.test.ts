import { TaskList } from "../../../cli/terminal/progress";

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
