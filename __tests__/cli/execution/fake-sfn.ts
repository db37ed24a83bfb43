import type { DescribeExecutionCommandOutput, HistoryEvent, SFNClient } from "@aws-sdk/client-sfn";

interface Page {
  readonly maxResults: number;
  readonly nextToken?: string;
}

/** A Step Functions client of one execution whose history grows with each look at its status. */
export function fakeSfn(steps: readonly { status: string; events: readonly HistoryEvent[] }[]) {
  let looks = -1;
  const asked: string[] = [];
  const client = {
    send: async (command: { input: Page }) => {
      const { name } = command.constructor;
      const { input } = command;
      asked.push(name);
      if (name === "DescribeExecutionCommand") {
        looks = Math.min(looks + 1, steps.length - 1);
        const { status } = steps[looks] as { status: string };
        return { status, name: "run-1" } as Partial<DescribeExecutionCommandOutput>;
      }
      const newestFirst = [...(steps[looks]?.events ?? [])].reverse();
      const from = Number(input.nextToken ?? 0);
      const events = newestFirst.slice(from, from + 2); // small pages, so that paging is seen
      const more = from + 2 < newestFirst.length;
      return { events, nextToken: more ? String(from + 2) : undefined };
    },
  };
  return { sfn: client as unknown as SFNClient, asked };
}
