/** The marker that a review starts with; it names the environment. */
const marker = /^<!-- review:\S+ -->/;

/**
 * Writes a review as a comment of the pull request, in place of the environment's earlier one.
 *
 * @param {{ github: any, context: any, file: string }} options as actions/github-script gives them, and the review's file
 * @throws Error when the file does not hold a review
 */
module.exports = async ({ github, context, file }) => {
  const body = require("node:fs").readFileSync(file, "utf8");
  const [start] = marker.exec(body) ?? [];
  if (start === undefined) {
    throw new Error(`${file} is no review: it must start with <!-- review:ENVIRONMENT -->`);
  }
  const { listComments, createComment, updateComment } = github.rest.issues;
  const pullRequest = { ...context.repo, issue_number: context.issue.number };
  const comments = await github.paginate(listComments, pullRequest);
  // What a person quotes is not ours to change.
  const earlier = comments.find((comment) => comment.user?.type === "Bot" && comment.body?.startsWith(start));
  if (earlier === undefined) await createComment({ ...pullRequest, body });
  else await updateComment({ ...context.repo, comment_id: earlier.id, body });
};
