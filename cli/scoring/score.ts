import { announce, openEnvironment } from "../account/environment";
import { print } from "../terminal/print";
import { interruption, keepLines, TaskList } from "../terminal/progress";
import { type ScoreOptions, scoredText, scorePrefix } from "./batch";

/** Scores the CSV objects under a prefix with a batch transform job, and lists its output. */
export async function score(name: string, input: string, options: ScoreOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const signal = interruption();
  const tasks = new TaskList();
  const scored = tasks.add(
    "Scoring",
    async (task) => {
      const found = await scorePrefix(environment, input, options, {
        signal,
        onProgress: (line) => {
          if (process.stdout.isTTY) task.title = `Scoring: ${line}`;
        },
        onStep: (line) => {
          task.output = line;
        },
      });
      task.title = "Scoring";
      return found;
    },
    { rendererOptions: keepLines },
  );
  await tasks.run({ silent: false });
  print(scoredText(scored.value));
}
