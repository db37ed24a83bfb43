import type { WorkflowProps } from "../../workflow/props";

/** The next commands: with the recipe's scripts, or in a project with its own. */
export function nextText({ training }: Pick<WorkflowProps, "training">): string {
  const isRecipe = training.folder.startsWith("python/");
  return `
Next: npm start -- --keep, which leaves the endpoint up for your own requests
      npm run dev, which runs a script again when you save it
      ${
        isRecipe
          ? "npm run new -- <name>, which writes a workflow of your own (docs/own-workflow.md)"
          : "npm run test:config, which tests your workflow; then deploy it (docs/deploy.md)"
      }`;
}
