import { nextText } from "../../../cli/execution/next-text";
import { workflowProps } from "../../../configuration";

it("proposes a workflow of one's own to those who run the recipe's", () => {
  expect(nextText(workflowProps("local"))).toContain("npm run new -- <name>");
});

it("proposes the test and the deploy of it to those who have one", () => {
  const text = nextText({ training: { folder: "wine/training", entryPoint: "train.py" } });
  expect(text).toMatch(/npm run test:config, .*docs\/deploy\.md/);
  expect(text).not.toContain("npm run new");
});
