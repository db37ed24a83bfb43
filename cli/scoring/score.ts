import { announce, openEnvironment } from "../account/environment";
import { print } from "../terminal/print";
import { interruption, keepLines, runTasks } from "../terminal/progress";
import { type Scored, type ScoreOptions, scoredText, scorePrefix } from "./batch";

/** Scores the CSV objects under a prefix with a batch transform job, and lists what it wrote. */
export async function score(name: string, input: string, options: ScoreOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const signal = interruption();
  const context: { scored?: Scored } = {};
  await runTasks(
    context,
    [
      {
        title: "Scoring",
        rendererOptions: keepLines,
        task: async (ctx, task) => {
          ctx.scored = await scorePrefix(environment, input, options, {
            signal,
            tell: (line) => {
              if (process.stdout.isTTY) task.title = `Scoring: ${line}`;
            },
            say: (line) => {
              task.output = line;
            },
          });
          task.title = "Scoring";
        },
      },
    ],
    { silent: false },
  );
  print(`${scoredText(context.scored as Scored)}`);
}
