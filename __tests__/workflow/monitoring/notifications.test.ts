import { readFileSync } from "node:fs";
import { failures } from "../../../workflow/failures";
import { notifyFunction } from "../../../workflow/monitoring/notifications";
import { references, workflow } from "../../fixtures";

const { settings } = workflow();

describe("the function that tells of executions", () => {
  const { variables = {} } = notifyFunction(settings, {
    ...references,
    topicArn: "arn:aws:sns:us-east-1:123456789012:housing-dev-notifications",
    topicKeyArn: "arn:aws:kms:us-east-1:123456789012:key/1",
  });

  it("is given the meaning of every failure, within what Lambda allows", () => {
    expect(JSON.parse(variables.FAILURES ?? "")).toEqual(failures);
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    expect(JSON.stringify(variables).length).toBeLessThan(4096);
  });

  it("knows only failures that there are", () => {
    const source = readFileSync("lambda-src/notify/outcomes.py", "utf8");
    const known = [...source.matchAll(/^[A-Z_]+ = "(\w+)"$/gm)].map(([, name]) => name);
    expect(known).toHaveLength(3);
    for (const name of known) expect(Object.keys(failures)).toContain(name);
  });
});
